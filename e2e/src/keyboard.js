// For `keyboard.rs`: what Tab should reach, and what is wrong with how the focus shows where it is now.
const name = e => e.dataset.testid ?? (e.id ? `#${e.id}` : `${e.localName} “${(e.ariaLabel ?? e.textContent).trim().slice(0, 30)}”`);

// A dialog that is modal holds the focus; the rest is out of reach meanwhile, as it should be.
const modal = () => [...document.querySelectorAll('dialog')].find(e => e.matches(':modal')) ?? document.body;

const isReached = e => e.tabIndex >= 0 && !e.disabled && !e.closest('[inert]') && e.checkVisibility({ visibilityProperty: true })
    // Of a group of radio buttons, Tab reaches the chosen one.
    && !(e.type === 'radio' && !e.checked && document.querySelector(`input[type=radio][name="${CSS.escape(e.name)}"]:checked`));

const reachable = () => [...modal().querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')]
    .filter(isReached).map(name);

const pixel = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
const rgba = colour => {
    pixel.clearRect(0, 0, 1, 1);
    pixel.fillStyle = colour;
    pixel.fillRect(0, 0, 1, 1);
    return pixel.getImageData(0, 0, 1, 1).data;
};
const luminance = colour => {
    const [r, g, b] = [...rgba(colour)].map(c => c / 255).map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
};
const ground = e => {
    for (; e; e = e.parentElement) {
        const colour = getComputedStyle(e).backgroundColor;
        if (rgba(colour)[3] === 255) return colour;
    }
    return 'Canvas';
};

const focused = () => {
    const e = document.activeElement;
    if (!e || e === document.body || e === document.documentElement) return null;
    const problems = [];
    const style = getComputedStyle(e);
    const [width, offset] = [parseFloat(style.outlineWidth), parseFloat(style.outlineOffset)];
    const shows = e.matches(':focus-visible') && style.outlineStyle !== 'none' && width >= 2;
    if (!shows) {
        problems.push('has no outline');
    } else if (contrast(style.outlineColor, ground(e.parentElement)) < 3) {
        problems.push(`has an outline of too little contrast: ${style.outlineColor} on ${ground(e.parentElement)}`);
    }
    const box = e.getBoundingClientRect();
    const [x, y] = [box.left + box.width / 2, box.top + Math.min(box.height, innerHeight) / 2];
    const above = document.elementFromPoint(x, y);
    if (!above) problems.push('is out of view');
    else if (!e.contains(above) && !above.contains(e)) problems.push(`lies below ${name(above)}`);
    const reach = width + offset;
    for (let around = e.parentElement; shows && around && around !== document.body; around = around.parentElement) {
        const { overflowX, overflowY } = getComputedStyle(around);
        const clip = around.getBoundingClientRect();
        const cut = overflowX !== 'visible' && (box.left - reach < clip.left - 0.5 || box.right + reach > clip.right + 0.5)
            || overflowY !== 'visible' && box.height < clip.height
                && (box.top - reach < clip.top - 0.5 || box.bottom + reach > clip.bottom + 0.5);
        if (cut) problems.push(`has an outline cut off by ${name(around)}`);
    }
    return { name: name(e), problems };
};

return arguments[0] === 'reachable' ? reachable() : focused();
