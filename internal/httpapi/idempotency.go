package httpapi

import "ballerine/internal/idempotency"

type (
	// Reservation is the idempotency package's, which stores implement.
	Reservation = idempotency.Reservation
	// Answer is the idempotency package's.
	Answer = idempotency.Answer
	// IdempotencyStore is the idempotency package's.
	IdempotencyStore = idempotency.Store
)
