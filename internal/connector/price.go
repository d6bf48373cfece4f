package connector

// Price is what one call costs.
type Price struct {
	Amount   float64 `json:"amount"`
	Currency string  `json:"currency"` // ISO 4217
}

// Budget is what the calls of a tenant may cost in one month (UTC), in the currency of the price.
type Budget struct {
	Amount float64 `json:"amount"`
	Stop   bool    `json:"stop"` // no calls are made once it is used up; else it only shows
}

// budget checks that a budget can be compared with something.
func (s *source) budget(w written) *Budget {
	if w.Budget != nil && w.Price == nil {
		s.report("/budget", "required", "write price: {amount: …, currency: EUR}", "A budget needs the price of a call.")
	}
	return w.Budget
}
