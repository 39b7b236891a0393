// What plots and timeline share: a canvas with sharp lines, in the colours of the page.

/** Fit a canvas to its element, clear it, and return its context with its width and height in CSS pixels. */
export function begin(canvas) {
  const scale = window.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = "11px sans-serif";
  context.textBaseline = "middle";
  return { context, width, height };
}

/** Return a colour of the style sheet, such as `--pb-blue`. */
export function colour(name) {
  return getComputedStyle(document.body).getPropertyValue(name).trim() || "#888";
}
