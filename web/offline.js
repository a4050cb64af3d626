// The page's service worker: after the first visit, the page opens without its host.
// `cargo xtask page` writes in front of this: BUILD, a hash of all files, and FILES, each one's own.
'use strict';

// An origin's caches are shared by all its pages: the scope tells them apart.
const OURS = `hotstuff-page ${registration.scope} `;
const CACHE = OURS + BUILD;
const INDEX = 'index.html';
// Trunk's names of files by their content: what has such a name never changes.
const HASHED = /-[0-9a-f]{12,16}(_bg)?\.\w+$/;

// Some hosts redirect to a folder's address, and a redirected answer cannot open a page.
const address = file => registration.scope + (file === INDEX ? '' : file);
const kept = async file => (await caches.open(CACHE)).match(address(file), { ignoreVary: true });

// All of one build, or nothing: while a host is changing, some of its files are the new ones.
async function keep() {
    const cache = await caches.open(CACHE);
    await Promise.all(Object.entries(FILES).map(async ([file, integrity]) => {
        const answer = await fetch(address(file), { cache: 'no-cache', integrity });
        if (!answer.ok) throw new Error(`${file}: status ${answer.status}`);
        await cache.put(address(file), answer);
    }));
    await skipWaiting();
}

async function dropOthers() {
    const names = await caches.keys();
    const others = names.filter(name => name.startsWith(OURS) && name !== CACHE);
    await Promise.all(others.map(name => caches.delete(name)));
}

const fromCache = async (file, request) => await kept(file) ?? fetch(request);

// The host's own word first, so that a newer page, or another one at this address, is seen at once.
async function fromHost(file, request) {
    try {
        return await fetch(request);
    } catch (error) {
        const answer = await kept(file);
        if (answer) return answer;
        throw error;
    }
}

addEventListener('install', event => event.waitUntil(keep()));
addEventListener('activate', event => event.waitUntil(dropOthers()));

// Nothing but the page's own files is looked at: replicas answer for themselves.
addEventListener('fetch', event => {
    const { method, url } = event.request;
    const { origin, pathname } = new URL(url);
    const path = origin + pathname;
    if (method !== 'GET' || !path.startsWith(registration.scope)) return;
    const file = path.slice(registration.scope.length) || INDEX;
    if (!Object.hasOwn(FILES, file)) return;
    event.respondWith((HASHED.test(file) ? fromCache : fromHost)(file, event.request));
});
