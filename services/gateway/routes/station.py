"""The station itself: its sections, posts, people and the works that it offers."""

from services.gateway.api import Area, delete, get, patch, post
from shared.contracts.orders import (
    ChangeEmployee,
    ChangePost,
    ChangeSection,
    ChangeService,
    CreateEmployee,
    CreatePost,
    CreateSection,
    CreateService,
    ListEmployees,
    ListPosts,
    ListSections,
    ListServices,
    ListStations,
)
from shared.contracts.works import (
    ChangePackage,
    ChangePriceRules,
    ChangeVariant,
    CreatePackage,
    CreateVariant,
    GetPackage,
    GetPriceRules,
    ListPackages,
    ListVariants,
    RemoveVariant,
)

_VARIANT = "/services/{service_id}/variants/{variant_id}"

AREA = Area(
    "station",
    "Sections, posts, employees and the catalogue of works",
    (
        get("/stations", ListStations, "The stations"),
        get("/sections", ListSections, "The sections"),
        post("/sections", CreateSection, "Add a section", location="/sections/{id}"),
        patch("/sections/{section_id}", ChangeSection, "Edit a section"),
        get("/posts", ListPosts, "The posts"),
        post("/posts", CreatePost, "Add a post", location="/posts/{id}"),
        patch("/posts/{post_id}", ChangePost, "Edit a post"),
        get("/employees", ListEmployees, "The employees"),
        post("/employees", CreateEmployee, "Add an employee", location="/employees/{id}"),
        patch("/employees/{employee_id}", ChangeEmployee, "Edit an employee"),
        get("/services", ListServices, "The catalogue of works"),
        post("/services", CreateService, "Add a work", location="/services/{id}"),
        patch("/services/{service_id}", ChangeService, "Edit a work"),
        get("/services/{service_id}/variants", ListVariants, "Its prices by vehicle"),
        post("/services/{service_id}/variants", CreateVariant, "Add a price by vehicle"),
        patch(_VARIANT, ChangeVariant, "Edit a price by vehicle"),
        delete(_VARIANT, RemoveVariant, "Take a price by vehicle away"),
        get("/packages", ListPackages, "Packages of works and goods"),
        post("/packages", CreatePackage, "Add a package", location="/packages/{id}"),
        get("/packages/{package_id}", GetPackage, "A package"),
        patch("/packages/{package_id}", ChangePackage, "Edit a package"),
        get("/price-rules", GetPriceRules, "How computed prices are rounded"),
        patch("/price-rules", ChangePriceRules, "Round computed prices otherwise"),
    ),
)
