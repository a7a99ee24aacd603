"""The station itself: its sections, posts, people and the works that it offers."""

from services.gateway.api import Area, get, patch, post
from shared.contracts.orders import (
    ChangeEmployee,
    ChangeOrderType,
    ChangePost,
    ChangeSection,
    ChangeService,
    ChangeStation,
    CreateEmployee,
    CreateOrderType,
    CreatePost,
    CreateSection,
    CreateService,
    ListEmployees,
    ListOrderTypes,
    ListPosts,
    ListSections,
    ListServices,
    ListStations,
)

AREA = Area(
    "station",
    "Sections, posts, employees and the catalogue of works",
    (
        get("/stations", ListStations, "The stations"),
        patch("/stations/{station_id}", ChangeStation, "Edit what stands on its papers"),
        get("/order-types", ListOrderTypes, "The types of orders"),
        post("/order-types", CreateOrderType, "Add a type", location="/order-types/{id}"),
        patch("/order-types/{order_type_id}", ChangeOrderType, "Edit a type"),
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
    ),
)
