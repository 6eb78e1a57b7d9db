// Follows an event stream with a published client, and prints a line of JSON for
// when it opens and for each event:
//
//	node follow.mjs CLIENT URL
import { createRequire } from "node:module";

const print = (line) => console.log(JSON.stringify(line));
const opened = () => print({ open: true });
const received = ({ data, id, lastEventId }) => print({ data, id: id ?? lastEventId });

// The clients that are made like a browser's EventSource.
const standard = (EventSource) => (url) => {
  const source = new EventSource(url);
  source.onopen = opened;
  source.onmessage = received;
};

const clients = {
  "eventsource 2": async () => standard((await import("eventsource-2")).default),
  "eventsource": async () => standard((await import("eventsource")).EventSource),
  "eventsource-client": async () => {
    const { createEventSource } = await import("eventsource-client");
    return (url) => createEventSource({ url, onConnect: opened, onMessage: received });
  },
  // It is made for browsers and looks for what it needs in the window. It has
  // two ways that the others have not: comments are messages without data, and
  // the end of the stream is the end unless onclose throws.
  "fetch-event-source": async () => {
    globalThis.window = globalThis;
    globalThis.document = new EventTarget();
    const { fetchEventSource } = createRequire(import.meta.url)("@microsoft/fetch-event-source");
    return (url) => fetchEventSource(url, {
      onopen: async () => opened(),
      onmessage: (message) => message.data && received(message),
      onclose: () => { throw new Error("ended"); },
    });
  },
};

const [client, url] = process.argv.slice(2);
(await clients[client]())(url);
