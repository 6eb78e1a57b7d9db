// The page of the Holdfast demo. All it needs for a connection that survives is
// the browser's own EventSource: no library, and no code for coming back.
"use strict";

const maxEntries = 200;

// Panel shows one user's stream.
class Panel {
  constructor(section) {
    this.user = section.dataset.user;
    section.append(document.getElementById("panel").content.cloneNode(true));
    this.state = section.querySelector(".state");
    this.word = section.querySelector(".word");
    this.rest = section.querySelector(".rest");
    this.log = section.querySelector(".log");
    this.button = section.querySelector(".cut");
    section.querySelector("h2").id = `name-${this.user}`;
    section.querySelector("h2").textContent = this.user;
    section.querySelector(".channels").textContent = `follows public and user-${this.user}`;
    this.log.setAttribute("aria-label", `Events of ${this.user}`);
    this.button.setAttribute("aria-label", `Cut connection of ${this.user}`);
    this.button.addEventListener("click", () => this.pressed());
  }

  // open starts a new stream. Only here does the page forget its place; when
  // a stream ends, the browser returns to the same source by itself.
  open(path) {
    this.path = path;
    this.source?.close();
    this.back = 0;
    this.began = Infinity;
    this.show("wait", "connecting");
    const source = new EventSource(`/${path}?user=${this.user}`);
    source.onopen = () => this.opened();
    source.onerror = () => this.failed(source.readyState);
    source.onmessage = (event) => this.received(event);
    source.addEventListener("connected", (event) => this.connected(event));
    source.addEventListener("greeting", (event) => this.received(event));
    source.addEventListener("gap", (event) => this.received(event));
    source.addEventListener("cut", (event) => this.wasCut(event));
    this.source = source;
  }

  opened() {
    clearInterval(this.countdown);
    this.show("open", "connected");
  }

  // connected comes from the origin, with its time: what it published before
  // that, and arrives after it, was missed and is now made good.
  connected(event) {
    this.began = JSON.parse(event.data).at;
    this.note("connected");
  }

  failed(readyState) {
    this.began = Infinity;
    if (readyState === EventSource.CLOSED) {
      this.show("gone", "refused");
      this.note("refused; the browser will not try again");
      return;
    }
    this.note(this.back ? "cut; the browser returns by itself" : "connection lost; the browser returns by itself");
    this.waitFor(this.back);
    this.back = 0;
  }

  // waitFor shows how long it is until the browser returns, where that is known.
  waitFor(milliseconds) {
    clearInterval(this.countdown);
    const end = Date.now() + milliseconds;
    const tick = () => {
      const left = Math.ceil((end - Date.now()) / 1000);
      this.show("wait", left > 0 ? "offline" : "reconnecting", left > 0 ? `back in ${left} s` : "");
      if (left <= 0) clearInterval(this.countdown);
    };
    this.countdown = setInterval(tick, 250);
    tick();
  }

  wasCut(event) {
    this.back = JSON.parse(event.data).offline_ms;
    this.received(event);
  }

  // received shows an event as it came.
  received(event) {
    const data = parse(event.data);
    const missed = data.at < this.began;
    this.entry(event.type, missed ? "missed" : event.type, data.text ?? event.data, [
      ["name", event.type],
      ["id", event.lastEventId || "no id"],
      ["to", data.to && `to ${data.to}`],
      ["late", missed && "missed while away"],
    ]);
  }

  // note shows what the page itself has to say.
  note(text) {
    this.entry("page", "page", text, []);
  }

  entry(type, style, text, about) {
    const atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 40;
    const line = element("li", style, text);
    line.dataset.type = type;
    const facts = element("div", "about");
    for (const [name, value] of about) {
      if (value) facts.append(element("span", name, value));
    }
    if (facts.childElementCount) line.append(facts);
    this.log.append(line);
    if (this.log.childElementCount > maxEntries) this.log.firstElementChild.remove();
    if (atEnd) this.log.scrollTop = this.log.scrollHeight;
  }

  // show sets the state. Screen readers speak the word when it changes, and
  // leave out the rest, which changes every second.
  show(state, word, rest = "") {
    this.rest.textContent = rest;
    if (this.word.textContent === word) return;
    this.state.className = `state ${state}`;
    this.word.textContent = word;
    const gone = state === "gone";
    this.button.disabled = state === "wait";
    this.button.textContent = gone ? "Connect" : "Cut connection";
    this.button.setAttribute("aria-label", `${this.button.textContent} of ${this.user}`);
  }

  pressed() {
    if (this.source.readyState === EventSource.CLOSED) this.open(this.path);
    else post("/cut", { user: this.user });
  }
}

function element(tag, style, text = "") {
  const made = document.createElement(tag);
  made.className = style;
  made.textContent = text;
  return made;
}

// parse reads the JSON that the demo publishes; anybody else may publish
// anything, which is then shown as it is.
function parse(text) {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

async function post(path, fields) {
  const problem = document.getElementById("problem");
  problem.textContent = "";
  try {
    const response = await fetch(path, { method: "POST", body: new URLSearchParams(fields) });
    if (!response.ok) problem.textContent = await response.text();
  } catch {
    problem.textContent = "Holdfast cannot be reached.";
  }
}

const panels = [...document.querySelectorAll(".panel")].map((section) => new Panel(section));
const setup = document.getElementById("setup");
const publish = document.getElementById("publish");
let published = 0;

setup.addEventListener("change", () => panels.forEach((panel) => panel.open(setup.elements.path.value)));

publish.addEventListener("submit", (event) => {
  event.preventDefault();
  published++;
  const text = publish.elements.text;
  post("/publish", { to: publish.elements.to.value, text: text.value || `Hello ${published}` });
  text.value = "";
  text.placeholder = `Hello ${published + 1}`;
});

setup.elements.path.value = "events"; // browsers keep form state over a reload
panels.forEach((panel) => panel.open("events"));
