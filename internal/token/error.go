package token

// Kind says what follows from an Error.
type Kind uint8

// The kinds of errors.
const (
	// Refused: the token is not one for us, and never will be.
	Refused Kind = iota
	// Expired: it was one.
	Expired
	// Unfit: it is one, but what it claims cannot be done.
	Unfit
	// Unavailable: that cannot be told at present, for lack of keys.
	Unavailable
)

// Error says what is wrong with a token.
type Error struct {
	Kind Kind
	// Problem goes on after "the token". It holds nothing of the token, neither a
	// quotation mark nor a backslash, and can stand in a header.
	Problem string
	// Detail, if not nil, may quote the token's claims: it is for nobody but the
	// one who has the token.
	Detail error
}

// Error leaves out the detail.
func (e *Error) Error() string { return "the token " + e.Problem }

func refused(problem string) error { return &Error{Kind: Refused, Problem: problem} }
