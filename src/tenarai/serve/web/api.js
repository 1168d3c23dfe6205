/** The project's API: one function a verb, with the headers that every change needs, and errors that say a sentence. */

import { randomId } from "./random.js";

/** An answer that says no. `code` and `message` are the server's; status 0 = the server was not reached. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {string} message
   * @param {any} [body]
   */
  constructor(status, code, message, body) {
    super(message);
    this.status = status;
    this.code = code;
    this.body = body;
  }

  /** Worth sending again as it is: nobody answered, or the server is overloaded, starting or has a full disk. */
  get passing() {
    return [0, 408, 429, 502, 503, 504, 507].includes(this.status);
  }
}

const AUTHOR = "tenarai-author";

/** Who corrects here; a name is asked for nowhere, "me" will do on one's own machine. */
export function author() {
  return localStorage.getItem(AUTHOR) || "me";
}

/** @param {string} name */
export function setAuthor(name) {
  localStorage.setItem(AUTHOR, name.trim() || "me");
}

/** @returns {Record<string, string>} */
function headers() {
  return {
    Accept: "application/json",
    "X-Requested-With": "tenarai",
    "X-Author": encodeURIComponent(author()), // headers carry Latin letters only
  };
}

/**
 * @param {string} method
 * @param {string} path
 * @param {any} [body] JSON, or a form with files
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
async function send(method, path, body, signal) {
  const form = body instanceof FormData;
  let answer;
  try {
    answer = await fetch(path, {
      method,
      credentials: "same-origin",
      signal,
      headers: { ...headers(), ...(body !== undefined && !form ? { "Content-Type": "application/json" } : {}) },
      body: body === undefined ? undefined : form ? body : JSON.stringify(body),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "unreachable", String(error));
  }
  const told = answer.status !== 204 && answer.headers.get("content-type")?.includes("json");
  const content = told ? await answer.json() : null;
  if (answer.ok) return content;
  const error = content?.error ?? {};
  throw new ApiError(answer.status, error.code ?? "", error.message ?? answer.statusText ?? String(answer.status), content);
}

/** @param {string} path @param {AbortSignal} [signal] */
export const get = (path, signal) => send("GET", path, undefined, signal);
/** @param {string} path @param {any} [body] @param {AbortSignal} [signal] */
export const post = (path, body, signal) => send("POST", path, body, signal);
/** @param {string} path @param {any} body */
export const put = (path, body) => send("PUT", path, body);
/** @param {string} path @param {any} body */
export const patch = (path, body) => send("PATCH", path, body);
/** @param {string} path */
export const remove = (path) => send("DELETE", path);

/** A name for an edit: the server takes an edit of one name once, however often it is sent. */
export const editId = randomId;
