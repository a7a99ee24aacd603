"""Tags on clients and cars, and segments: clients with something in common."""

from services.gateway.api import Area, delete, get, patch, post, put, report
from shared.contracts.segments import (
    ChangeSegment,
    CreateSegment,
    GetSegment,
    ListSegments,
    RemoveSegment,
    SegmentClients,
)
from shared.contracts.tags import (
    ChangeTag,
    CreateTag,
    GetClientTags,
    GetVehicleTags,
    ListTags,
    RemoveTag,
    TagClient,
    TagVehicle,
    UntagClient,
    UntagVehicle,
)
from shared.contracts.visits import GetClientVisits

AREA = Area(
    "segments",
    "Tags, and clients found by what they have in common",
    (
        get("/tags", ListTags, "Tags by name"),
        post("/tags", CreateTag, "Make a tag"),
        patch("/tags/{tag_id}", ChangeTag, "Edit a tag"),
        delete("/tags/{tag_id}", RemoveTag, "Take a tag from everything"),
        get("/clients/{client_id}/tags", GetClientTags, "A client's tags"),
        put("/clients/{client_id}/tags/{tag_id}", TagClient, "Mark a client"),
        delete("/clients/{client_id}/tags/{tag_id}", UntagClient, "Take a client's mark away"),
        get("/vehicles/{vehicle_id}/tags", GetVehicleTags, "A car's tags"),
        put("/vehicles/{vehicle_id}/tags/{tag_id}", TagVehicle, "Mark a car"),
        delete("/vehicles/{vehicle_id}/tags/{tag_id}", UntagVehicle, "Take a car's mark away"),
        get("/clients/{client_id}/visits", GetClientVisits, "How often a client came"),
        get("/segments", ListSegments, "Segments by name"),
        post("/segments", CreateSegment, "Save a segment", location="/segments/{id}"),
        get("/segments/{segment_id}", GetSegment, "A segment, and how many clients it has"),
        patch("/segments/{segment_id}", ChangeSegment, "Edit a segment"),
        delete("/segments/{segment_id}", RemoveSegment, "Remove a segment"),
        report("/segments/{segment_id}/clients", SegmentClients, "Clients of a segment"),
    ),
)
