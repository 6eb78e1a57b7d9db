// Publishes a text to a channel as an application does that has a GRIP_URL and
// nothing else, and prints what came of it:
//
//	GRIP_URL=... node publish.mjs CHANNEL TEXT
import { Publisher } from "@fanoutio/grip";

const publisher = new Publisher(process.env.GRIP_URL);
const [channel, text] = process.argv.slice(2);
try {
  await publisher.publishHttpStream(channel, text);
  console.log(JSON.stringify({ status: 200 }));
} catch (error) {
  console.log(JSON.stringify({ status: error.context.statusCode, message: error.message }));
}
