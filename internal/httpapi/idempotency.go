package httpapi

import "ballerine/internal/idempotency"

// These are the idempotency package's, which stores implement.
type (
	Reservation      = idempotency.Reservation
	Answer           = idempotency.Answer
	IdempotencyStore = idempotency.Store
)
