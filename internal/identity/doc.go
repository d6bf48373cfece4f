// Package identity turns every credential (API key, flow token, reviewer's JWT, vendor signature) into one Principal,
// in one place, and says in one table what each role and kind may do. The tenant comes from here and nowhere else.
package identity
