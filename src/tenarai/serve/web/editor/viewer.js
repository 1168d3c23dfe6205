/** The picture of the page: OpenSeadragon shows, moves, zooms and turns it; this says where pixels of the page are on screen. */

/** @typedef {import("../types.js").Point} Point */
/** @typedef {[number, number, number, number, number, number]} Affine x' = a x + c y + e, y' = b x + d y + f */

/** @typedef {{contrast: number, brightness: number, invert: boolean}} Look */

export class Viewer {
  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
    this.width = 1;
    this.height = 1;
    this.viewer = OpenSeadragon({
      element,
      drawer: "canvas",
      showNavigationControl: false,
      crossOriginPolicy: false,
      animationTime: 0.25,
      springStiffness: 9,
      visibilityRatio: 0.3,
      minZoomImageRatio: 0.5,
      maxZoomPixelRatio: 6,
      gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: false, flickEnabled: false },
      gestureSettingsTouch: { clickToZoom: false, dblClickToZoom: false, pinchRotate: false },
      gestureSettingsPen: { clickToZoom: false, dblClickToZoom: false },
      zoomPerScroll: 1.25,
    });
    this.viewer.addHandler("canvas-key", (event) => {
      event.preventDefaultAction = true; // keys belong to the boxes
    });
    element.querySelector(".openseadragon-canvas")?.setAttribute("tabindex", "-1"); // the stage around it takes the focus
  }

  /**
   * @param {string} url
   * @param {number} width of the page in pixels, whatever the size of the picture sent
   * @param {number} height
   * @param {boolean} wide show the whole width rather than the whole page
   */
  open(url, width, height, wide) {
    this.width = width;
    this.height = height;
    this.viewer.addOnceHandler("open", () => (wide ? this.fitWidth(true) : this.fit(true)));
    this.viewer.open(/** @type {any} */ ({ type: "image", url, buildPyramid: true }));
  }

  /** @param {(event?: any) => void} act called whenever the picture lies elsewhere */
  onMove(act) {
    for (const name of /** @type {const} */ (["update-viewport", "open", "resize"])) this.viewer.addHandler(name, act);
  }

  /** From pixels of the page to pixels of the element. @returns {Affine} */
  affine() {
    const { viewport } = this.viewer;
    /** @param {number} x @param {number} y */
    const at = (x, y) => viewport.viewportToViewerElementCoordinates(new OpenSeadragon.Point(x, y));
    if (!viewport) return [1, 0, 0, 1, 0, 0];
    const [origin, right, down] = [at(0, 0), at(1, 0), at(0, 1)];
    const w = this.width; // the picture is one unit wide
    return [(right.x - origin.x) / w, (right.y - origin.y) / w, (down.x - origin.x) / w, (down.y - origin.y) / w, origin.x, origin.y];
  }

  /** @param {number} x pixels of the element @param {number} y @returns {Point} pixels of the page */
  toPage(x, y) {
    const [a, b, c, d, e, f] = this.affine();
    const determinant = a * d - b * c || 1;
    return [(d * (x - e) - c * (y - f)) / determinant, (a * (y - f) - b * (x - e)) / determinant];
  }

  /** Screen pixels for one pixel of the page. */
  get scale() {
    const [a, b] = this.affine();
    return Math.hypot(a, b);
  }

  /** @param {number} by */
  zoom(by) {
    this.viewer.viewport.zoomBy(by);
    this.viewer.viewport.applyConstraints();
  }

  fit(now = false) {
    this.viewer.viewport.goHome(now);
  }

  fitWidth(now = false) {
    const view = this.viewer.viewport;
    const tall = Math.min(this.height / this.width, 1 / view.getAspectRatio());
    view.fitBounds(new OpenSeadragon.Rect(0, 0, 1, tall), now);
  }

  turn() {
    this.viewer.viewport.setRotation(this.viewer.viewport.getRotation() + 90);
  }

  /**
   * Brings a box into view: moves only if it is not there yet, and zooms only if it would be too small to read.
   *
   * @param {import("../types.js").Box} box
   */
  reveal([left, top, right, bottom]) {
    const view = this.viewer.viewport;
    if (!view || !this.viewer.world.getItemCount()) return;
    const w = this.width;
    const seen = view.getBounds(false);
    const [x0, y0, x1, y1] = [left / w, top / w, right / w, bottom / w];
    const inside = x0 >= seen.x && x1 <= seen.x + seen.width && y0 >= seen.y && y1 <= seen.y + seen.height;
    if (inside) return;
    const fits = x1 - x0 <= seen.width && y1 - y0 <= seen.height;
    const centre = new OpenSeadragon.Point((x0 + x1) / 2, (y0 + y1) / 2);
    if (!fits) centre.x = x1 - x0 > seen.width ? x0 + seen.width / 2.1 : centre.x;
    view.panTo(centre);
    view.applyConstraints();
  }

  /** @param {Look} look */
  look({ contrast, brightness, invert }) {
    const canvas = /** @type {HTMLElement | null} */ (this.element.querySelector(".openseadragon-canvas > div, .openseadragon-canvas > canvas"));
    const plain = contrast === 1 && brightness === 1 && !invert;
    for (const layer of canvas ? [canvas] : []) {
      layer.style.filter = plain ? "" : `contrast(${contrast}) brightness(${brightness})${invert ? " invert(1)" : ""}`;
    }
  }

  close() {
    this.viewer.destroy();
  }
}
