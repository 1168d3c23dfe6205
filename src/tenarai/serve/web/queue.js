/**
 * Changes of text on their way to the server. Each is written to IndexedDB before it is sent and stays there until the server
 * has said that it is safe, so that neither a lost connection nor a closed browser loses one. Where the browser's disk is full
 * it is sent all the same, and closing the page asks first.
 *
 * Events: "change" (how many wait, and whether the server is reached), "saved", "conflict", "refused" (it stays here), "lost".
 */

import { ApiError, editId, put } from "./api.js";

/** @typedef {import("./types.js").LineRow} LineRow */

/**
 * @typedef {object} Edit
 * @property {string} client_id
 * @property {number} line
 * @property {number} page
 * @property {string} text
 * @property {import("./types.js").Mark[]} marks
 * @property {import("./types.js").State | null} state
 * @property {number} expected version of the line that the edit was made on
 * @property {number} at milliseconds since 1970
 * @property {string[]} [replaced] names of older changes of the line, which may still be in the database
 */

const STORE = "edits";
const WAITS = [500, 1000, 2000, 5000, 10000]; // milliseconds between attempts

export class Queue extends EventTarget {
  constructor() {
    super();
    /** @type {Edit[]} */
    this.edits = [];
    this.offline = false;
    this.answered = true; // offline, but the server is there: its disk is full, or it has too much to do
    /** @type {IDBDatabase | null} */
    this.database = null;
    /** @type {WeakSet<Edit>} */
    this.kept = new WeakSet(); // what the database holds
    /** @type {Edit | null} */
    this.sending = null;
    /** @type {Set<number>} */
    this.held = new Set(); // lines whose conflict a person has to settle
    /** @type {Set<number>} */
    this.refused = new Set(); // lines whose text the server does not take: another text is tried
    this.attempts = 0;
    /** @type {number | undefined} */
    this.timer = undefined;
    addEventListener("online", () => this.flush());
    addEventListener("beforeunload", (event) => {
      if (this.edits.some((edit) => !this.kept.has(edit))) event.preventDefault();
    });
  }

  /** How many changes are not at the server yet. */
  get pending() {
    return this.edits.length;
  }

  /**
   * Opens the store of a project, takes up what an earlier visit left, and sends it.
   *
   * @param {string} project
   */
  async open(project) {
    try {
      this.database = await openDatabase(`tenarai-${project}`);
      /** @type {Edit[]} */
      const left = await request(this.database.transaction(STORE).objectStore(STORE).getAll());
      for (const edit of left) this.kept.add(edit);
      const known = new Set(this.edits.map((edit) => edit.client_id));
      this.edits = [...left.filter((edit) => !known.has(edit.client_id)), ...this.edits];
      this.edits.sort((a, b) => a.at - b.at);
    } catch {
      this.database = null; // private windows may forbid it: changes then wait in memory
    }
    this.changed();
    void this.flush();
  }

  /**
   * Takes a change of a line. One that still waits for the same line is replaced, as the newer text holds all of it.
   *
   * @param {Omit<Edit, "client_id" | "at">} change
   */
  async add(change) {
    /** @type {Edit} */
    const edit = { ...change, client_id: editId(), at: Date.now() };
    const waiting = this.edits.filter((other) => other.line === edit.line && other !== this.sending);
    if (waiting.length) {
      edit.expected = waiting[0].expected;
      edit.state ??= waiting[waiting.length - 1].state;
    }
    edit.replaced = waiting.flatMap((other) => [other.client_id, ...(other.replaced ?? [])]);
    this.edits = [...this.edits.filter((other) => !waiting.includes(other)), edit];
    this.refused.delete(edit.line);
    await this.keep(edit);
    this.changed();
    void this.flush();
  }

  /** @param {number} line @returns {Edit | undefined} the newest change of a line that is not at the server yet */
  of(line) {
    return this.edits.findLast((edit) => edit.line === line);
  }

  /**
   * Settles a conflict: the held change is dropped or, if a text is given, sent anew on top of the current version.
   *
   * @param {Edit} edit
   * @param {LineRow} current
   * @param {string | null} text
   */
  async settle(edit, current, text) {
    this.held.delete(edit.line);
    const held = this.edits.filter((one) => one.line === edit.line);
    if (text === null) {
      for (const other of held) await this.drop(other);
      this.changed();
    } else {
      for (const other of held) other.expected = current.version;
      await this.add({ ...edit, text, marks: text === edit.text ? edit.marks : [], expected: current.version });
    }
  }

  /** Sends what waits, one after the other. */
  async flush() {
    if (this.sending) return;
    clearTimeout(this.timer);
    for (let edit = this.next(); edit; edit = this.next()) {
      this.sending = edit;
      this.changed();
      const going = await this.send(edit);
      this.sending = null;
      if (!going) {
        this.timer = setTimeout(() => this.flush(), WAITS[Math.min(this.attempts++, WAITS.length - 1)]);
        break;
      }
      this.attempts = 0;
    }
    this.changed();
  }

  /** Waits until everything is at the server, or it is plain that it cannot be reached. */
  async settled() {
    while ((this.next() || this.sending) && !this.offline) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  next() {
    return this.edits.find((edit) => !this.held.has(edit.line) && !this.refused.has(edit.line));
  }

  /** @param {Edit} edit @returns {Promise<boolean>} whether the next may be sent */
  async send(edit) {
    const { text, marks, state, expected, client_id } = edit;
    try {
      const row = await put(`/api/lines/${edit.line}/text`, { text, marks, expected, client_id, ...(state ? { state } : {}) });
      this.offline = false;
      await this.drop(edit);
      for (const later of this.edits.filter((other) => other.line === edit.line)) {
        later.expected = row.version;
        await this.keep(later);
      }
      this.tell("saved", { edit, row });
      return true;
    } catch (error) {
      if (!(error instanceof ApiError) || error.passing || error.status === 401) {
        this.offline = true;
        this.answered = error instanceof ApiError && error.status !== 0;
        return false;
      }
      this.offline = false;
      const current = error.body?.current ?? error.body?.error?.current;
      if (error.status === 409 && current) {
        this.held.add(edit.line);
        this.tell("conflict", { edit: this.of(edit.line) ?? edit, current });
      } else if (error.status !== 404) {
        this.refused.add(edit.line);
        this.tell("refused", { edit, reason: error.message });
      } else {
        await this.drop(edit); // the line is gone: there is no place left for its text but the message
        this.tell("lost", { edit, reason: error.message });
      }
      return true;
    }
  }

  /** @param {Edit} edit */
  async keep(edit) {
    this.kept.delete(edit);
    const done = await this.write((store) => {
      store.put(edit);
      for (const name of edit.replaced ?? []) store.delete(name);
    });
    if (done) this.kept.add(edit);
  }

  /** @param {Edit} edit */
  async drop(edit) {
    this.edits = this.edits.filter((other) => other !== edit);
    await this.write((store) => {
      for (const name of [edit.client_id, ...(edit.replaced ?? [])]) store.delete(name);
    });
  }

  /**
   * Writes to the database, all of it or nothing.
   *
   * @param {(store: IDBObjectStore) => void} act
   * @returns {Promise<boolean>} whether it is there; a full disk says so only at the end of a transaction
   */
  async write(act) {
    if (!this.database) return false;
    try {
      const transaction = this.database.transaction(STORE, "readwrite");
      const done = new Promise((resolve) => {
        transaction.oncomplete = () => resolve(true);
        transaction.onabort = () => resolve(false);
      });
      act(transaction.objectStore(STORE));
      return await done;
    } catch {
      return false; // the database is closed, or takes nothing
    }
  }

  changed() {
    this.tell("change", {});
  }

  /** @param {string} name @param {any} detail */
  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** @param {string} name @returns {Promise<IDBDatabase>} */
function openDatabase(name) {
  const opening = indexedDB.open(name, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "client_id" });
  return /** @type {Promise<IDBDatabase>} */ (request(opening));
}

/** @param {IDBRequest} asked @returns {Promise<any>} */
function request(asked) {
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}
