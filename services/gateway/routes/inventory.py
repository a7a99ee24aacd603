"""The catalogue of parts, the warehouses, and what lies and moves in them."""

from services.gateway.api import Area, get, patch, post, put
from shared.contracts.inventory import (
    ChangeProduct,
    ChangeSupplier,
    ChangeWarehouse,
    CreateProduct,
    CreateSupplier,
    CreateUnit,
    CreateWarehouse,
    FindProducts,
    GetMarkupRules,
    GetProduct,
    GetStock,
    ListMovements,
    ListReceipts,
    ListSuppliers,
    ListUnits,
    ListWarehouses,
    ReceiveStock,
    SetMarkupRules,
)

AREA = Area(
    "inventory",
    "Products, warehouses, suppliers, stock and its movements",
    (
        get("/products", FindProducts, "Find products"),
        post("/products", CreateProduct, "Add a product", location="/products/{id}"),
        get("/products/{product_id}", GetProduct, "A product"),
        patch("/products/{product_id}", ChangeProduct, "Edit a product"),
        get("/units", ListUnits, "The units of measure"),
        post("/units", CreateUnit, "Add a unit of measure"),
        get("/markup-rules", GetMarkupRules, "The markup matrix"),
        put("/markup-rules", SetMarkupRules, "Replace the markup matrix"),
        get("/warehouses", ListWarehouses, "The warehouses"),
        post("/warehouses", CreateWarehouse, "Add a warehouse", location="/warehouses/{id}"),
        patch("/warehouses/{warehouse_id}", ChangeWarehouse, "Edit a warehouse"),
        get("/suppliers", ListSuppliers, "The suppliers"),
        post("/suppliers", CreateSupplier, "Add a supplier", location="/suppliers/{id}"),
        patch("/suppliers/{supplier_id}", ChangeSupplier, "Edit a supplier"),
        get("/stock", GetStock, "What there is, per product and warehouse"),
        get("/stock/movements", ListMovements, "Every movement, newest first"),
        get("/stock/receipts", ListReceipts, "Receipts, newest first"),
        post("/stock/receipts", ReceiveStock, "Receive goods"),
    ),
)
