// An origin made with Express and serve-grip. It listens on a free port of the
// loopback address and prints which. GRIP_URL says where it publishes and by
// which key it knows the proxy.
import express from "express";
import { Channel, HttpResponseFormat, HttpStreamFormat } from "@fanoutio/grip";
import { ServeGrip } from "@fanoutio/serve-grip";

const serveGrip = new ServeGrip({
  grip: process.env.GRIP_URL,
  gripProxyRequired: process.env.GRIP_REQUIRED === "yes",
});
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

// One item per array in the body, all at once: text or null, then id and prev-id.
// It is published for streams and for long polls.
app.post("/publish", express.json(), async (req, res) => {
  await Promise.all(req.body.map(([text, id, prev]) => publisher.publishFormats(
    req.query.channel,
    text === null
      ? new HttpStreamFormat(null, true)
      : [
          new HttpStreamFormat(`data: ${text}\nid: ${id}\n\n`),
          new HttpResponseFormat({ code: 201, reason: "Made", headers: { "X-Id": id }, body: new TextEncoder().encode(text) }),
        ],
    id,
    prev,
  )));
  res.end("published\n");
});

const server = app.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
