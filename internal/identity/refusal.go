package identity

import (
	"net/http"

	"ballerine/internal/problem"
)

// Why a credential is refused. The reason is stated as far as its owner can correct it: whether a key exists or a
// signature was close is not disclosed, nor which of the two it was.

func missing() *problem.Error {
	return problem.New(problem.Unauthenticated, "Send a credential: Authorization: Bearer …")
}

func invalid() *problem.Error {
	return problem.New(problem.InvalidCredentials, "The credential is not valid here.")
}

func expired() *problem.Error {
	return problem.New(problem.CredentialsExpired, "The credential has expired. Get a new one.")
}

func revoked() *problem.Error {
	return problem.New(problem.CredentialsRevoked, "The credential was revoked.")
}

func granterGone() *problem.Error {
	return problem.New(problem.CredentialsRevoked, "The person or key that granted the credential no longer exists, or is no longer permitted to. A permitted person must rotate the key or create a new token.")
}

// Refused reports whether an error is about the credential itself and not about what it may do: all of these are 401.
func Refused(err error) bool {
	return err != nil && problem.CodeOf(err).Status() == http.StatusUnauthorized
}

// Refusal is the error of a code that another part of the system has found for a credential; what is no such code refuses
// like one that is not valid.
func Refusal(code problem.Code) *problem.Error {
	switch code {
	case problem.Unauthenticated:
		return missing()
	case problem.CredentialsExpired:
		return expired()
	case problem.CredentialsRevoked:
		return revoked()
	}
	return invalid()
}
