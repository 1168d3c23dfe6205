/**
 * What the project's API speaks of, as types only; nothing runs here.
 *
 * @typedef {"horizontal" | "vertical"} Direction
 * @typedef {"todo" | "doubtful" | "done"} State
 * @typedef {"unclear" | "gap" | "deletion" | "insertion"} MarkKind
 * @typedef {[number, number]} Point  x, y in pixels of the page
 * @typedef {[number, number, number, number]} Box  left, top, right, bottom in pixels of the page
 * @typedef {[number, number, MarkKind]} Mark  start, end in code points of the text
 * @typedef {[string, number | null, Box, [string, number][]]} ReadCharacter  text, confidence, box, alternatives
 *
 * @typedef {object} LineRow
 * @property {number} id
 * @property {number} page_id
 * @property {number} order
 * @property {number} region
 * @property {Direction} direction
 * @property {Box} box
 * @property {Point[]} polygon
 * @property {string} text
 * @property {number | null} confidence
 * @property {ReadCharacter[]} characters
 * @property {State} state
 * @property {number} version
 * @property {string} author
 * @property {string} model
 * @property {boolean} corrected
 * @property {Mark[]} marks
 * @property {string} updated
 *
 * @typedef {object} PageRow
 * @property {number} id
 * @property {number} number
 * @property {string} name
 * @property {number} width
 * @property {number} height
 * @property {State} state
 * @property {string} claimed_by
 * @property {number} lines
 * @property {number} done
 * @property {number} corrected
 * @property {number} doubtful
 * @property {number | null} confidence
 * @property {string} sha256
 *
 * @typedef {{id: number, direction: Direction, kind: string}} Region
 * @typedef {{page: PageRow, version: number, regions: Region[], lines: LineRow[]}} Layout
 *
 * @typedef {object} Job
 * @property {number} id
 * @property {"read" | "learn" | "check" | "export"} kind
 * @property {"waiting" | "running" | "done" | "failed" | "cancelled"} state
 * @property {number} done
 * @property {number} total
 * @property {string} message
 * @property {any} result
 * @property {string} created
 * @property {string | null} finished
 *
 * @typedef {object} ProjectInfo
 * @property {string} id
 * @property {string} name
 * @property {string} rules
 * @property {{pages: number, lines: number, todo: number, done: number, doubtful: number, corrected: number, pages_done: number}} counts
 * @property {{id: number | null, name: string, version: string}} model
 * @property {Job[]} jobs
 *
 * @typedef {object} Version
 * @property {number} number
 * @property {string} when
 * @property {string} author
 * @property {string} model
 * @property {string} cause
 * @property {string} text
 * @property {Mark[]} marks
 * @property {State} state
 * @property {number | null} confidence
 *
 * @typedef {object} Hit
 * @property {number} page_id
 * @property {number} page_number
 * @property {string} page_name
 * @property {number} line_id
 * @property {string} snippet
 * @property {number} start code points of the snippet
 * @property {number} end
 *
 * @typedef {{line: number, page: number, text: string, reason: string}} Suspicious
 * @typedef {{lines: number, pages: number, writers: string[], suspicious: Suspicious[], checked: boolean, ready: boolean, message: string}} Learning
 * @typedef {{cer: number, interval: [number, number], lines: number}} Rate
 * @typedef {{id: number, name: string, created: string, state: "offered" | "kept" | "discarded", active: boolean, record: any}} ModelRow
 * @typedef {{day: string, model: string, lines: number, confidence: number | null, checked: number, changed: number | null}} Figure
 * @typedef {{waiting: number, running: number, room: number}} Lane
 * @typedef {{seconds: number, requests: number, per_second: number, p50: number | null, p95: number | null, lanes: {short: Lane, long: Lane}}} Lately
 * @typedef {{width: number, height: number, characters: Box[]}} Place
 * @typedef {{x: number, y: number, t: number}} PenPoint  pixels of the pad, milliseconds
 */

export {};
