// Package woh reads and writes the events of WebSocket-over-HTTP, by which an
// origin that only speaks HTTP has WebSockets: the proxy posts what the client
// does as events, and the answer has the origin's.
//
//	OPEN\r\n
//	TEXT 5\r\nhello\r\n
//	CLOSE 2\r\n\x03\xe8\r\n
//
// The number is the length of the content in bytes, in hexadecimal. All functions
// are pure; who asks when, and what an event does, is package websocket's.
//
// What is read is stricter than Pushpin in one thing: content that is shorter than
// announced, or not followed by a line break, is an error, since a body that was
// cut off must not become a message.
package woh
