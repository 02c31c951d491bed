// Installing must not depend on a browser download: test/browsers.ts finds a browser or fetches one on demand.
module.exports = { skipDownload: true };
