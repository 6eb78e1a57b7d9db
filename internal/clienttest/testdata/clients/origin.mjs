// An origin made with Express and serve-grip, which takes nothing that has not
// come through the proxy. It listens on the socket that it is started with.
// GRIP_URL says where it publishes and by which key it knows the proxy.
import express from "express";
import { Channel, HttpResponseFormat, HttpStreamFormat, WebSocketMessageFormat } from "@fanoutio/grip";
import { ServeGrip } from "@fanoutio/serve-grip";

const serveGrip = new ServeGrip({ grip: process.env.GRIP_URL, gripProxyRequired: true });
const publisher = serveGrip.getPublisher();
const app = express();
app.use(serveGrip);

// What the request says of the proxy. serve-grip 2.0.0 does not wait for the
// signature's verdict, so the library below it is asked as well.
app.get("/signature", async (req, res) => {
  const { isProxied, isSigned } = req.grip;
  const verdict = await publisher.validateGripSig(req.headers["grip-sig"]);
  res.json({ isProxied, isSigned, verdict: verdict.isSigned });
});

app.get("/stream", (req, res) => {
  const instruct = res.grip.startInstruct();
  instruct.addChannel(new Channel(req.query.channel, req.query.prev));
  instruct.setHoldStream();
  instruct.setKeepAlive(":\n\n", 1);
  instruct.meta = { user: 'alice "a"' };
  res.type("text/event-stream").end(": open\n\n");
});

app.get("/poll", (req, res) => {
  const instruct = res.grip.startInstruct();
  instruct.addChannel(new Channel(req.query.channel, req.query.prev));
  instruct.setHoldLongPoll(5);
  res.set("ETag", '"v1"');
  if (req.headers["if-none-match"] === '"v1"') {
    res.status(304).end();
  } else {
    res.type("text/plain").end("nothing new\n");
  }
});

// What was written to channels, in order: entry n has the id n.
const written = {};

// A stream that goes on where its client has got to, in pages of half a MiB: a
// request for its next link says in Grip-Last what that was. Who comes anew gets
// what is new.
app.get("/feed", (req, res) => {
  const { channel } = req.query;
  const entries = written[channel] ?? [];
  const [, last] = /; last-id=(\d+)$/.exec(req.headers["grip-last"] ?? "") ?? [];
  let seen = Number(last ?? entries.length);
  let body = last === undefined ? ": open\n\n" : "";
  while (seen < entries.length && body.length < 512 * 1024) {
    body += event(entries[seen++], seen);
  }
  const instruct = res.grip.startInstruct();
  instruct.addChannel(new Channel(channel, String(seen)));
  instruct.setNextLink(`/feed?channel=${encodeURIComponent(channel)}`, 60);
  if (seen === entries.length) {
    instruct.setHoldStream();
    instruct.setKeepAlive(":\n\n", 1);
  }
  res.type("text/event-stream").end(body);
});

// Writes texts to a channel, each made as long as pad says, and publishes them one
// after the other, unless they are to be lost on the way.
app.post("/write", express.json({ type: () => true }), async (req, res) => {
  const { channel, pad, lost } = req.query;
  for (const text of req.body) {
    const entry = text.padEnd(Number(pad), "x");
    const id = (written[channel] ??= []).push(entry);
    if (lost === "false") {
      await publisher.publishFormats(channel, new HttpStreamFormat(event(entry, id)), String(id), String(id - 1));
    }
  }
  res.end("written\n");
});

const event = (text, id) => `data: ${text}\nid: ${id}\n\n`;

// Answers what a WebSocket's client says with how much it has said, which is kept
// in the meta. A client that says "bye" is closed with 4000, and one that closes
// by itself as the library's manual says.
app.post("/ws", (req, res) => {
  const { wsContext: ws } = req.grip;
  if (ws.isOpening()) {
    ws.accept();
    ws.subscribe(req.query.channel);
    ws.meta.said = 0;
  }
  while (ws.canRecv()) {
    const message = ws.recv();
    if (message === null) {
      ws.close();
      break;
    }
    ws.meta.said = Number(ws.meta.said) + 1;
    if (message === "bye") {
      ws.close(4000);
    } else {
      ws.send(`${ws.meta.said}: ${message}`);
    }
  }
  res.end();
});

// Publishes all items at once. Each is an array of a text, an id and a prev-id,
// for streams, long polls and WebSockets alike; without a text it ends streams.
app.post("/publish", express.json({ type: () => true }), async (req, res) => {
  await Promise.all(req.body.map(([text, id, prev]) =>
    publisher.publishFormats(req.query.channel, formats(text, id), id, prev || undefined)));
  res.end("published\n");
});

const formats = (text, id) => text === ""
  ? new HttpStreamFormat(null, true)
  : [
      new HttpStreamFormat(`data: ${text}\nid: ${id}\n\n`),
      new WebSocketMessageFormat(text),
      new HttpResponseFormat({ code: 201, reason: "Made", headers: { "X-Id": id }, body: new TextEncoder().encode(text) }),
    ];

app.listen({ fd: 3 }, () => console.log(JSON.stringify({ serving: true })));
