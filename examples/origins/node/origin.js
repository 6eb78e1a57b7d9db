// An origin behind Holdfast: it holds /events and publishes what is posted to
// /publish. Needs Node.js 18 or later, and no packages.
"use strict";

const http = require("node:http");
const { randomUUID } = require("node:crypto");
const { text } = require("node:stream/consumers");

const control = "http://127.0.0.1:5561/publish/";

// publish sends the text as one event. As JSON it has no line breaks of its own.
async function publish(channel, words) {
  const content = `data: ${JSON.stringify(words)}\nid: ${randomUUID()}\n\n`;
  const response = await fetch(control, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ items: [{ channel, formats: { "http-stream": { content } } }] }),
  });
  if (!response.ok) throw new Error(`publish: ${response.status} ${await response.text()}`);
}

async function answer(request, response) {
  switch (`${request.method} ${request.url}`) {
    case "GET /events":
      response.setHeader("Content-Type", "text/event-stream");
      response.setHeader("Grip-Hold", "stream");
      response.setHeader("Grip-Channel", "news");
      response.end(": welcome\n\n");
      break;
    case "POST /publish":
      await publish("news", await text(request));
      response.end();
      break;
    default:
      response.writeHead(404).end();
  }
}

http
  .createServer((request, response) => {
    answer(request, response).catch((error) => response.writeHead(502).end(`${error.message}\n`));
  })
  .listen(8000, "127.0.0.1");
