// When the page has started, has it kept for when its host is out of reach: see offline.js.
// Browsers have no service workers but on secure origins and on this machine itself.
if ('serviceWorker' in navigator) {
    addEventListener('TrunkApplicationStarted', () => {
        // By themselves browsers look for a newer one only once the page has been quiet for a while.
        // Where it may not be kept, the page is as it was, and needs its host.
        navigator.serviceWorker.register('./offline.js').then(found => found.update()).catch(() => {});
    });
}
