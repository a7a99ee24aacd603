"""SMS and e-mail to clients, and the templates of their texts."""

from services.gateway.api import Area, get, patch, post
from shared.contracts.messages import (
    CancelMessage,
    ChangeMessageTemplate,
    CreateMessageTemplate,
    GetMessage,
    ListMessages,
    ListMessageTemplates,
    PreviewMessage,
    ResendMessage,
    SendMessage,
)

AREA = Area(
    "messages",
    "SMS and e-mail to clients: templates, what was sent, and whether it arrived",
    (
        get("/messages", ListMessages, "Messages, newest first"),
        post("/messages", SendMessage, "Write to a client", location="/messages/{id}"),
        get("/messages/{message_id}", GetMessage, "A message"),
        post("/messages/{message_id}/cancel", CancelMessage, "Call it off", status=200),
        post(
            "/messages/{message_id}/resend",
            ResendMessage,
            "Send it once more",
            location="/messages/{id}",
        ),
        get("/message-templates", ListMessageTemplates, "Templates of messages"),
        post("/message-templates", CreateMessageTemplate, "Add a template"),
        get("/message-templates/preview", PreviewMessage, "A template, or a draft, on an order"),
        patch("/message-templates/{template_id}", ChangeMessageTemplate, "Edit a template"),
    ),
)
