// Swagger UI on the gateway's own OpenAPI document.
"use strict";

SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#document",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  filter: true,
  // The validator's badge would be a request to another host.
  validatorUrl: null,
});
