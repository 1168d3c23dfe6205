/** Where characters lie on the cut of their line. Asked of the server once a line, when someone first points at it. */

import { get } from "../api.js";

/** @typedef {[number, number, number, number]} Share left, top, right, bottom, 0 to 1 of the cut's width and height */

export class Places {
  constructor() {
    /** @type {Map<string, Promise<import("../types.js").Place | null>>} */
    this.asked = new Map();
  }

  /** @param {import("../types.js").LineRow} line */
  async of(line) {
    const key = `${line.id} ${JSON.stringify(line.box)} ${line.direction}`;
    if (!this.asked.has(key)) this.asked.set(key, get(`/api/lines/${line.id}/place?height=96`).catch(() => null));
    return this.asked.get(key);
  }

  /**
   * A character on the cut. Where the server cannot tell, as its box lies in the line's box.
   *
   * @param {import("../types.js").LineRow} line
   * @param {import("./doubt.js").Seen} seen
   * @returns {Promise<Share>}
   */
  async share(line, seen) {
    const place = await this.of(line);
    const found = place?.characters[seen.index];
    if (place && found) {
      return [found[0] / place.width, found[1] / place.height, found[2] / place.width, found[3] / place.height];
    }
    const [left, top, right, bottom] = line.box;
    const [width, height] = [right - left || 1, bottom - top || 1];
    return [(seen.box[0] - left) / width, (seen.box[1] - top) / height, (seen.box[2] - left) / width, (seen.box[3] - top) / height];
  }
}
