// Package identity authenticates every credential (API key, flow token, a user's JWT, vendor signature) as one Principal,
// and has the one table of permissions by role and kind of credential. The tenant of a request comes from here only.
package identity
