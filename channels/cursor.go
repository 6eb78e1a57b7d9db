package channels

// Cursor is a reader's place in one or more logs.
type Cursor struct{}
