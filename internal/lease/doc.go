// Package lease watches over what is granted for a time only and can be granted
// anew meanwhile, such as a stream whose client was let in until its token expires.
//
// # Model
//
// A Lease runs until a moment. Some time before that, whoever has it is challenged to
// show once more that it may have it, with a secret that nobody can guess. Who knows
// the secret finds the lease in the Book, whichever way he comes, and extends it if he
// is satisfied with what he is shown:
//
//	Begin ─▶ quiet ── Notice.Patience to Notice.Before ahead of the end ──▶ challenged ──▶ expired
//	           ▲                                                      │
//	           └────────────────────── Extend ────────────────────────┘
//
// # Invariants
//
//   - A lease is challenged at most once for each end, and once more if it is hurried
//     then; it expires at most once; after Close neither.
//   - Leases that end at the same moment are challenged at random moments of the time
//     before it, evenly spread: otherwise all who have them would answer at once.
//   - A secret is good until its lease is extended, hurried or over. There is one at a
//     time, and it extends once, also if two who know it come together.
//   - The calls of one lease to its Tenant do not overlap.
//
// # Rejected
//
// The connection as the proof of who answers: an answer may come over any other. A
// challenge per user instead of per lease: one answer for all streams of a user
// would need to be believed for streams with other channels.
package lease
