// Keeps the technician's pages readable without a connection. What is there is asked of the
// station first, always; what was seen last is shown only when the station cannot be reached.

const PAGES = "pitlane-bay-pages", FILES = "pitlane-bay-files";
const OFFLINE = "/bay/offline";
const PATIENCE_MS = 6000;
const MAX_FILES = 80;

const isPage = (url) => url.pathname === "/bay" || url.pathname.startsWith("/bay/");
const isPhoto = (url) => url.pathname.startsWith("/api/v1/photos/");
const isFile = (url) => url.pathname.startsWith("/static/");

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("message", (event) => {
  event.waitUntil(keep(event.data.pages ?? [], event.data.files ?? []));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (isFile(url)) event.respondWith(file(request));
  else if (isPage(url) || isPhoto(url)) event.respondWith(fresh(event, url));
});

async function keep(pages, files) {
  const kept = await caches.open(FILES);
  for (const address of files) {
    if (!isFile(new URL(address)) || await kept.match(address)) continue;
    await fetch(address).then((response) => response.ok && kept.put(address, response)).catch(() => {});
  }
  const old = await kept.keys();
  for (const request of old.slice(0, Math.max(0, old.length - MAX_FILES))) await kept.delete(request);
  for (const path of new Set(pages)) await asked(path).catch(() => {});
}

async function asked(request, path = request) {
  const response = await fetch(request);
  // A page that leads on to the sign-in is none of ours.
  if (response.ok && response.type === "basic" && !response.redirected) {
    const kept = await caches.open(PAGES);
    await kept.put(path, response.clone());
  }
  return response;
}

async function fresh(event, url) {
  const path = url.pathname + url.search;
  const answer = asked(event.request, path);
  event.waitUntil(answer.catch(() => {}));
  const seen = await caches.match(path, { cacheName: PAGES, ignoreVary: true });
  try {
    // Who has nothing else to see waits as long as it takes.
    return await (seen ? Promise.race([answer, tooLong()]) : answer);
  } catch {
    return seen ?? await instead(url);
  }
}

const tooLong = () => new Promise((_, reject) => setTimeout(reject, PATIENCE_MS));

async function instead(url) {
  const page = isPage(url) && await caches.match(OFFLINE, { cacheName: PAGES, ignoreVary: true });
  return page || Response.error();
}

async function file(request) {
  return await caches.match(request, { cacheName: FILES, ignoreVary: true }) ?? fetch(request);
}
