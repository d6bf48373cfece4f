package httpapi

import "ballerine/internal/idempotency"

// Reservation, Answer and IdempotencyStore are those of the idempotency package, which stores implement.
type (
	Reservation      = idempotency.Reservation
	Answer           = idempotency.Answer
	IdempotencyStore = idempotency.Store
)
