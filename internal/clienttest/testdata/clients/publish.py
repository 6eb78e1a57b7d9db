"""Publishes a text to a channel as publish.mjs does, with gripcontrol: once and
waits, and once more by the library's thread. Prints what came of it:

    GRIP_URL=... python publish.py CHANNEL TEXT
"""

import json
import os
import re
import sys

import gripcontrol as grip

publisher = grip.GripPubControl(grip.parse_grip_uri(os.environ["GRIP_URL"]))
channel, text = sys.argv[1:]
results = []
try:
    publisher.publish_http_stream(channel, text, blocking=True)
    results.append("")
except ValueError as error:
    results.append(str(error))
publisher.publish_http_stream(channel, text, callback=lambda ok, message: results.append(message or ""))
publisher.wait_all_sent()
statuses = {int(re.search(r"status code (\d+)", r)[1]) if r else 200 for r in results}
print(json.dumps({"status": statuses.pop() if len(statuses) == 1 else 0, "message": " / ".join(results)}))
