// Finds what is wrong with where things are; the kinds of problems are those of `layout.rs`.
(controls, panels) => {
    const problems = [];
    const name = e => e.dataset.testid ?? `${e.localName}.${e.className}`;
    const root = document.documentElement;
    const width = root.clientWidth;

    // What sticks covers what it was scrolled over, as it should. Its own place is elsewhere.
    const stuck = [...document.querySelectorAll('body *')].filter(e => getComputedStyle(e).position === 'sticky');
    for (const e of stuck) e.style.position = 'relative';
    for (const e of stuck) e.style.inset = 'auto';

    if (root.scrollWidth > width) {
        const wide = [...document.querySelectorAll('body *')]
            .filter(e => e.getBoundingClientRect().right > width + 0.5);
        problems.push({ 'too-wide': `${root.scrollWidth} > ${width}: ${wide.slice(0, 8).map(name).join(', ')}` });
    }

    for (const id of controls) {
        const box = t(id)?.getBoundingClientRect();
        const within = box && box.width > 0 && box.height > 0 && box.left >= 0 && box.right <= width + 0.5;
        if (!within) problems.push({ 'out-of-reach': id });
    }

    // The part of an element that the boxes around it, which may scroll, let through.
    const visible = e => {
        let { left, top, right, bottom } = e.getBoundingClientRect();
        for (let around = e.parentElement; around && around !== document.body; around = around.parentElement) {
            if (getComputedStyle(around).overflowX === 'visible') continue;
            const box = around.getBoundingClientRect();
            left = Math.max(left, box.left);
            top = Math.max(top, box.top);
            right = Math.min(right, box.right);
            bottom = Math.min(bottom, box.bottom);
        }
        return { left, top, right, bottom };
    };
    const overlaps = shown => shown.forEach((a, index) => shown.slice(index + 1).forEach(b => {
        if (a.contains(b) || b.contains(a)) return;
        const [p, q] = [visible(a), visible(b)];
        const across = Math.min(p.right, q.right) - Math.max(p.left, q.left);
        const down = Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top);
        if (across > 1 && down > 1) problems.push({ overlap: [name(a), name(b)] });
    }));
    const isShown = e => e?.checkVisibility() && e.getBoundingClientRect().width > 0;
    overlaps(panels.map(t).filter(isShown));

    // While a dialog is modal, what is behind it is none of the visitor's business.
    const within = [...document.querySelectorAll('dialog')].find(e => e.matches(':modal')) ?? document;
    const all = [...within.querySelectorAll('a[href], button, select, input, textarea, summary, [role=button], [role=tab], [role=slider]')]
        .filter(isShown);
    overlaps(all);
    for (const e of all) {
        const box = e.getBoundingClientRect();
        const size = `${name(e)} ${Math.round(box.width)}x${Math.round(box.height)}`;
        if (box.width < 24 || box.height < 24) problems.push({ small: size });
        if (e.localName === 'button' && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1)) {
            problems.push({ cut: `${size} holds ${e.scrollWidth}x${e.scrollHeight}` });
        }
    }

    for (const e of stuck) e.style.position = e.style.inset = '';
    return problems;
};
