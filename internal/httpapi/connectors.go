package httpapi

import (
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/cases"
)

// ConnectorHealth is how a vendor has answered the tenant, and what it has cost.
type ConnectorHealth struct {
	cases.VendorHealth
	Plugin  string           `json:"plugin" doc:"its id"`
	Version int              `json:"version" doc:"the newest"`
	Since   string           `json:"since" doc:"the first day that is counted, UTC"`
	AsOf    time.Time        `json:"as_of"`
	Price   *cases.Price     `json:"price,omitempty" doc:"of a call, as the newest version has it"`
	Budget  *ConnectorBudget `json:"budget,omitempty" doc:"of this month, UTC; absent: none is set"`
	Breaker *Breaker         `json:"breaker,omitempty" doc:"absent: the vendor is always asked"`

	CallbackURL string `json:"callback_url,omitempty" doc:"with callback.correlate: the address to enter at the vendor's"`
}

// ConnectorBudget is a plugin's budget of this month.
type ConnectorBudget struct {
	cases.Price
	Stops bool `json:"stops" doc:"whether no calls are made once it is used up"`
	Used  bool `json:"used_up" doc:"whether this month's calls have cost so much"`
}

// Breaker is when a vendor is left alone.
type Breaker struct {
	Failures  int     `json:"failures" doc:"so many in a row"`
	Rest      float64 `json:"rest_seconds" doc:"for how long it is not asked"`
	LeftAlone int     `json:"left_alone" doc:"attempts that were not made, in the days that are counted"`
}

func (s *server) registerConnectors(api huma.API) {
	type healthIn struct {
		OnID
		Days int `query:"days" minimum:"1" maximum:"31" default:"7" doc:"How many days are counted, today included"`
	}
	add(s, api, op(Admin, "getConnectorHealth", "GET", "/v1/connectors/{id}/health", "Get how a vendor has answered, and the cost"), func(c ctx, in *healthIn) (*body[ConnectorHealth], error) {
		p := principalOf(c)
		plugin, err := s.Publisher.Catalog.Plugin(c, p.Tenant, in.ID)
		if err != nil {
			return nil, err
		}
		newest, err := s.Publisher.Catalog.Definition(c, p.Tenant, "plugin", in.ID, 0)
		if err != nil {
			return nil, err
		}
		now := s.Now().UTC()
		out := ConnectorHealth{Plugin: in.ID, Version: newest.Version, AsOf: now, Since: now.Add(time.Duration(1-in.Days) * 24 * time.Hour).Format(time.DateOnly)}
		if out.VendorHealth, err = s.Cases.VendorHealth(c, p, in.ID, in.Days); err != nil {
			return nil, err
		}
		if plugin.Price != nil {
			out.Price = &cases.Price{Amount: plugin.Price.Amount, Currency: plugin.Price.Currency}
		}
		if plugin.Budget != nil {
			out.Budget = &ConnectorBudget{Price: cases.Price{Amount: plugin.Budget.Amount, Currency: plugin.Price.Currency}, Stops: plugin.Budget.Stop}
			out.Budget.Used = out.Spend[plugin.Price.Currency] >= plugin.Budget.Amount
		}
		if failures, rest := plugin.Breaker(); failures > 0 {
			out.Breaker = &Breaker{Failures: failures, Rest: rest.Seconds(), LeftAlone: out.LeftAlone}
		}
		if plugin.Correlates() {
			out.CallbackURL = s.Addresses.Of(p.Tenant, in.ID)
		}
		return &body[ConnectorHealth]{out}, nil
	})
}
