// What axe-core finds against WCAG 2.2 AA, one entry for each element; the fields are those of `axe.rs`.
const done = arguments[0];
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa'];
const options = {
    runOnly: { type: 'tag', values: tags },
    // Off unless asked for, though it is of WCAG 2.2.
    rules: { 'target-size': { enabled: true } },
    resultTypes: ['violations'],
};
axe.run(document, options).then(
    ({ violations, passes }) => done({
        rules: violations.length + passes.length,
        violations: violations.flatMap(({ id, help, nodes }) => nodes.map(node => ({
            rule: id, help, target: node.target.flat().join(' '), summary: node.failureSummary,
        }))),
    }),
    error => done({ error: String(error) }),
);
