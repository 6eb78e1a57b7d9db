// An EventSource that stays authorised.
//
// Holdfast tells a stream before its authorisation ends, by an event (a
// challenge) that says where to send new credentials. This module gets them from
// you and sends them; the stream goes on. Where that was too late, or the
// stream was refused, it opens the stream again, with a fresh URL, after the last
// event it has seen.
//
//   import { AuthorizedEventSource } from "./reauthorize.js";
//
//   const source = new AuthorizedEventSource({
//     url: async () => "/events?token=" + await newToken(),
//     credentials: async () => ({ query: { token: await newToken() } }),
//   });
//   source.addEventListener("message", (event) => console.log(event.data));
//   source.addEventListener("unauthorized", () => location.assign("/login"));

/**
 * What the server asks for: a request that carries new credentials.
 *
 * @typedef {object} Challenge
 * @property {string} [method] of the request; POST if there is none
 * @property {Record<string, string>} [headers] that the request must have; among
 *   them the stream's secret
 * @property {string} [url] where it goes, on the site of the stream; the stream's
 *   own URL if there is none
 * @property {number} [expires_in] seconds until the stream ends
 */

/**
 * What new credentials add to that request.
 *
 * @typedef {object} Credentials
 * @property {Record<string, string>} [headers] such as Authorization
 * @property {Record<string, string>} [query] parameters that take the place of
 *   those of the same name
 */

/**
 * @typedef {object} Options
 * @property {string | (() => string | Promise<string>)} url of the stream; a
 *   function is called each time that the stream is opened anew
 * @property {(challenge: Challenge) => Credentials | Promise<Credentials>} credentials
 *   is called for each challenge
 * @property {boolean} [withCredentials] send cookies to other sites
 * @property {string} [challengeEvent] the name of the event, "challenge"
 * @property {string} [lastEventId] the query parameter for the last id, "lastEventId"
 * @property {number} [minDelay] milliseconds before the first attempt to open the
 *   stream again, 1000
 * @property {number} [maxDelay] milliseconds before the later ones, at most, 60000
 */

/** Events that are ours, and not the stream's. */
const OWN = new Set(["open", "error", "reauthorized", "unauthorized", "gone"]);

/** How long a challenge without expires_in may be answered, in seconds. */
const PATIENCE = 30;

/**
 * Its events are those of an EventSource, whatever their names, and:
 *
 * - `reauthorized`: new credentials were taken.
 * - `unauthorized`: they were refused, or the stream was; `detail.status` says
 *   how. The stream is opened again all the same, with a fresh URL. Call close
 *   if there is no use in that, as when somebody has to log in.
 * - `gone`: the server wants the stream not to come back (204). It is closed.
 */
export class AuthorizedEventSource extends EventTarget {
  /** @type {Required<Options>} */
  #options;
  /** @type {EventSource | undefined} */
  #source;
  #url = "";
  #lastId = "";
  #failures = 0;
  #closed = new AbortController();
  /** Names of the stream's events that somebody listens to. */
  #names = new Set(["message"]);

  /** @param {Options} options */
  constructor(options) {
    super();
    this.#options = {
      withCredentials: false,
      challengeEvent: "challenge",
      lastEventId: "lastEventId",
      minDelay: 1000,
      maxDelay: 60000,
      ...options,
    };
    this.#run(() => this.#open());
  }

  /** The id of the last event, empty if there was none. */
  get lastEventId() {
    return this.#lastId;
  }

  /** As of an EventSource; while a closed one waits to be opened again, CONNECTING. */
  get readyState() {
    if (this.#closed.signal.aborted) return EventSource.CLOSED;
    return this.#source?.readyState === EventSource.OPEN ? EventSource.OPEN : EventSource.CONNECTING;
  }

  /** Ends everything. There are no events after it. */
  close() {
    this.#closed.abort();
    this.#source?.close();
  }

  /** @override */
  addEventListener(type, listener, options) {
    super.addEventListener(type, listener, options);
    if (!OWN.has(type) && !this.#names.has(type)) {
      this.#names.add(type);
      this.#source?.addEventListener(type, this.#pass);
    }
  }

  /** Runs what takes time. What fails in it is told by an error event. */
  #run(work) {
    work().catch((error) => this.#tell("error", { error }));
  }

  #tell(type, detail) {
    if (!this.#closed.signal.aborted) this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** Opens the stream, after the last event. */
  async #open() {
    const { url, withCredentials, lastEventId, challengeEvent } = this.#options;
    let fresh;
    try {
      fresh = new URL(typeof url === "function" ? await url() : url, document.baseURI);
    } catch (error) {
      this.#tell("error", { error });
      this.#later();
      return;
    }
    if (this.#closed.signal.aborted) return;
    if (this.#lastId) fresh.searchParams.set(lastEventId, this.#lastId);
    this.#url = fresh.href;
    const source = new EventSource(this.#url, { withCredentials });
    this.#source = source;
    source.onopen = () => {
      this.#failures = 0;
      this.#tell("open");
    };
    source.onerror = () => this.#failed(source);
    source.addEventListener(challengeEvent, (event) => this.#run(() => this.#answer(event)));
    for (const name of this.#names) source.addEventListener(name, this.#pass);
  }

  /** Hands an event of the stream on. */
  #pass = (event) => {
    this.#lastId = event.lastEventId;
    const { data, lastEventId, origin } = event;
    if (!this.#closed.signal.aborted) this.dispatchEvent(new MessageEvent(event.type, { data, lastEventId, origin }));
  };

  /** A stream that has ended comes back by itself; one that was refused does not. */
  #failed(source) {
    this.#tell("error");
    if (source.readyState === EventSource.CLOSED && !this.#closed.signal.aborted) this.#run(() => this.#refused());
  }

  /**
   * Finds out why the stream was refused, which an EventSource does not tell, by
   * asking once more. Then the stream is opened again, unless it must not be.
   */
  async #refused() {
    const status = await this.#status();
    if (status === 204) {
      this.#tell("gone");
      this.close();
      return;
    }
    if (status === 401 || status === 403) this.#tell("unauthorized", { status });
    this.#later();
  }

  /** The status of the stream's URL, 0 if there is none to be had. */
  async #status() {
    const asked = new AbortController();
    try {
      const response = await fetch(this.#url, {
        headers: { Accept: "text/event-stream" },
        credentials: this.#mode(),
        cache: "no-store",
        signal: AbortSignal.any([asked.signal, this.#closed.signal]),
      });
      return response.status;
    } catch {
      return 0;
    } finally {
      asked.abort(); // a stream has no end
    }
  }

  #mode() {
    return this.#options.withCredentials ? "include" : "same-origin";
  }

  /** Opens the stream again, later with each failure, and not all clients at once. */
  #later() {
    this.#run(async () => {
      await this.#sleep(this.#backoff(this.#failures++));
      if (!this.#closed.signal.aborted) await this.#open();
    });
  }

  #backoff(failures) {
    const { minDelay, maxDelay } = this.#options;
    return Math.min(maxDelay, minDelay * 2 ** failures) * (0.5 + Math.random() / 2);
  }

  #sleep(milliseconds) {
    return new Promise((done) => {
      const timer = setTimeout(done, milliseconds);
      this.#closed.signal.addEventListener("abort", () => { clearTimeout(timer); done(); }, { once: true });
    });
  }

  /**
   * Answers a challenge. What cannot be sent is tried again while the stream has
   * time left.
   */
  async #answer(event) {
    /** @type {Challenge} */
    const challenge = JSON.parse(event.data);
    const until = Date.now() + (challenge.expires_in ?? PATIENCE) * 1000;
    for (let failures = 0; !this.#closed.signal.aborted; failures++) {
      const status = await this.#send(challenge, event.origin);
      if (status >= 200 && status < 300) return this.#tell("reauthorized", { status });
      if (status >= 400 && status < 500 && status !== 429) return this.#tell("unauthorized", { status });
      const pause = this.#backoff(failures);
      if (Date.now() + pause >= until) return; // the stream ends, and comes back with a fresh URL
      await this.#sleep(pause);
    }
  }

  /**
   * Sends new credentials, and returns the status, 0 if there is none. They go to
   * the site that the stream comes from and to no other, whatever an event says.
   */
  async #send(challenge, site) {
    const url = new URL(challenge.url ?? this.#url, site);
    if (url.origin !== site) throw new Error(`challenge of ${site} wants the credentials at ${url.origin}`);
    const { headers, query } = (await this.#options.credentials(challenge)) ?? {};
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    try {
      const response = await fetch(url, {
        method: challenge.method ?? "POST",
        headers: { ...challenge.headers, ...headers },
        credentials: this.#mode(),
        redirect: "error",
        signal: this.#closed.signal,
      });
      return response.status;
    } catch {
      return 0;
    }
  }
}
