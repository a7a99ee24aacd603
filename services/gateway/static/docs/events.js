// AsyncAPI's React component on the document that the page names.
//
// The component's own parser compiles schemas with eval, which the page's content security policy
// forbids. Our documents are generated and checked, so the build without a parser is enough: it
// takes a document in which references are already followed and things carry their names.
"use strict";

const PARSED = "x-parser-spec-parsed";
const OBJECT_NAME = "x-parser-unique-object-id";
const SCHEMA_NAME = "x-parser-schema-id";

/** Writes each thing's key into the thing itself: what the component shows as its name. */
function nameAll(things, property) {
  for (const [name, thing] of Object.entries(things ?? {})) {
    thing[property] = name;
  }
}

/** The document with every reference replaced by what it points to, which is followed once and
 *  shared. A reference to one of the things that it lies within stays as it is: a schema that
 *  contains itself ends there. */
function followed(root) {
  const done = new Map();
  const open = new Set();

  function follow(node) {
    if (node === null || typeof node !== "object") {
      return node;
    }
    if (typeof node.$ref === "string") {
      const target = pointedTo(node.$ref, root);
      return open.has(target) ? node : follow(target);
    }
    if (!done.has(node)) {
      open.add(node);
      const made = Array.isArray(node)
        ? node.map(follow)
        : Object.fromEntries(Object.entries(node).map(([key, value]) => [key, follow(value)]));
      open.delete(node);
      done.set(node, made);
    }
    return done.get(node);
  }

  return follow(root);
}

function pointedTo(reference, root) {
  return reference
    .replace(/^#\//, "")
    .split("/")
    .map((part) => decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce((node, part) => node[part], root);
}

async function show(element) {
  const response = await fetch(element.dataset.document);
  if (!response.ok) {
    element.textContent = `The document could not be loaded (${response.status}).`;
    return;
  }
  const document = await response.json();
  nameAll(document.channels, OBJECT_NAME);
  nameAll(document.operations, OBJECT_NAME);
  nameAll(document.components.messages, OBJECT_NAME);
  nameAll(document.components.schemas, SCHEMA_NAME);
  AsyncApiStandalone.render(
    {
      schema: { ...followed(document), [PARSED]: true },
      config: {
        show: { sidebar: true, servers: false, messages: false, errors: true },
        sidebar: { showServers: "byDefault", showOperations: "byOperationsTags" },
      },
    },
    element,
  );
}

show(document.getElementById("document"));
