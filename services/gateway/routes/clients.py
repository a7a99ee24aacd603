"""Client cards and their cars."""

from services.gateway.api import Area, delete, get, patch, post, report
from services.gateway.exports import lists
from services.gateway.routes import personal_data
from shared.contracts.client_contracts import ChangeContract, CreateContract, ListContracts
from shared.contracts.client_history import GetClientHistory
from shared.contracts.client_links import LinkClient, ListLinks, SuggestParties, UnlinkClient
from shared.contracts.client_merge import DismissDuplicate, FindDuplicates, MergeClients
from shared.contracts.clients import (
    AddVehicle,
    ChangeClient,
    ChangeVehicle,
    CheckVehicle,
    CreateClient,
    FindClients,
    GetClient,
    GetVehicle,
    ListVehicles,
)
from shared.contracts.vehicle_history import GetVehicleHistory
from shared.contracts.works import VehicleWarranty

AREA = Area(
    "clients",
    "Client cards and their cars, found by phone, VIN, plate or name",
    (
        report("/clients", FindClients, "Find clients", lists.CLIENTS),
        post("/clients", CreateClient, "Make a client card", location="/clients/{id}"),
        get("/clients/duplicates", FindDuplicates, "Cards that may be of one client"),
        post(
            "/clients/duplicates/dismiss",
            DismissDuplicate,
            "Say that two cards are of different clients",
            status=200,
        ),
        get("/clients/{client_id}", GetClient, "A client with the cars"),
        patch("/clients/{client_id}", ChangeClient, "Edit a client card"),
        post(
            "/clients/{client_id}/merge",
            MergeClients,
            "Make another card one with this one",
            status=200,
        ),
        personal_data.ENDPOINT,
        personal_data.ERASE,
        get("/clients/{client_id}/contracts", ListContracts, "A client's contracts"),
        post(
            "/clients/{client_id}/contracts",
            CreateContract,
            "Write down a contract",
        ),
        patch("/contracts/{contract_id}", ChangeContract, "Edit a contract"),
        get("/clients/{client_id}/history", GetClientHistory, "What happened with a client"),
        get("/clients/{client_id}/links", ListLinks, "Who belongs to a client"),
        post("/clients/{client_id}/links", LinkClient, "Say who belongs to whom"),
        delete("/clients/{client_id}/links/{link_id}", UnlinkClient, "End a link"),
        get(
            "/clients/{client_id}/links/for-order",
            SuggestParties,
            "Whom to propose as payer and driver on an order",
        ),
        get("/clients/{client_id}/vehicles", ListVehicles, "A client's cars"),
        post(
            "/clients/{client_id}/vehicles",
            AddVehicle,
            "Enter a client's car",
            location="/vehicles/{id}",
        ),
        get("/vehicles/check", CheckVehicle, "Whether a VIN and a plate are right and known"),
        get("/vehicles/{vehicle_id}", GetVehicle, "A car"),
        get(
            "/vehicles/{vehicle_id}/history",
            GetVehicleHistory,
            "Owners, plates, mileages and orders of a car",
        ),
        get("/vehicles/{vehicle_id}/warranty", VehicleWarranty, "What is under warranty on it"),
        patch("/vehicles/{vehicle_id}", ChangeVehicle, "Edit a car, or give it a new owner"),
    ),
)
