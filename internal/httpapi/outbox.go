package httpapi

import (
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/cases"
	"ballerine/internal/problem"
	"ballerine/internal/webhook"
)

// DeliverKind is the kind of dead letters that are deliveries to a subscriber: their `effect` is the delivery's id, and their
// receiver the subscription. All other kinds are effects of the outbox.
const DeliverKind cases.EffectKind = "deliver"

// deliveryPages marks the cursors of the pages behind the effects: those of deliveries.
const deliveryPages = "deliveries "

// registerOutbox adds what people do about effects, and deliveries to subscribers, that could not be delivered.
func (s *server) registerOutbox(api huma.API) {
	type Choice struct { // exported: Huma does not look into others
		Case     string `json:"case,omitempty" maxLength:"100" doc:"only this case"`
		Effect   string `json:"effect,omitempty" maxLength:"40" doc:"only this dead letter: version/number of an effect of the case, or the id of a delivery"`
		Kind     string `json:"kind,omitempty" enum:"start,wake,stop,publish,report,cancel,answer,watch,unreadable,deliver"`
		Receiver string `json:"receiver,omitempty" maxLength:"100"`
	}
	type listIn struct {
		Paging
		Case     string `query:"case" maxLength:"100"`
		Kind     string `query:"kind" enum:"start,wake,stop,publish,report,cancel,answer,watch,unreadable,deliver"`
		Receiver string `query:"receiver" maxLength:"100" doc:"executions, subscribers, children, the id of a parent case, or the id of a subscription"`
	}
	type settleIn struct {
		Body struct {
			Choice
			Reason string `json:"reason,omitempty" maxLength:"1000" doc:"reason; recorded in the history of each affected case, and with each delivery"`
		}
	}
	add(s, api, op(Review, "listDeadLetters", "GET", "/v1/outbox/dead-letters", "List dead letters: effects by case, then deliveries by subscription"), func(c ctx, in *listIn) (*body[List[cases.DeadLetter]], error) {
		filter := cases.DeadLetterFilter{Case: in.Case, Kind: cases.EffectKind(in.Kind), Receiver: in.Receiver}
		scope := []any{"dead letters", principalOf(c).Tenant, filter}
		after, err := s.cursors.read(scope, in.Cursor)
		if err != nil {
			return nil, err
		}
		found, next, err := s.deadLetters(c, filter, after, in.Limit)
		return pageOf(found, s.cursors.sign(scope, next)), err
	})
	settle := func(c ctx, in Choice, how cases.Settlement) (*body[Settled], error) {
		settled, more, err := s.settleDeadLetters(c, in.Effect, cases.DeadLetterFilter{Case: in.Case, Kind: cases.EffectKind(in.Kind), Receiver: in.Receiver}, how)
		return &body[Settled]{Settled{settled, more}}, err
	}
	add(s, api, op(Review, "replayDeadLetters", "POST", "/v1/outbox/dead-letters/replay", "Replay dead letters: one, or all that match, 200 at a time").repeatable(), func(c ctx, in *settleIn) (*body[Settled], error) {
		return settle(c, in.Body.Choice, cases.Settlement{Reason: in.Body.Reason})
	})
	add(s, api, op(Review, "discardDeadLetters", "POST", "/v1/outbox/dead-letters/discard", "Discard dead letters: one, or all that match, 200 at a time").repeatable(), func(c ctx, in *settleIn) (*body[Settled], error) {
		if in.Body.Reason == "" {
			return nil, problem.New(problem.Invalid, "The selection is not valid.").With("body.reason", "required", "a reason is required")
		}
		return settle(c, in.Body.Choice, cases.Settlement{Discard: true, Reason: in.Body.Reason})
	})
}

// deadLetters is a page of effects, or behind the last of them of deliveries.
func (s *server) deadLetters(c ctx, filter cases.DeadLetterFilter, after string, limit int) (found []cases.DeadLetter, next string, err error) {
	behind, deliveries := strings.CutPrefix(after, deliveryPages)
	if !deliveries && filter.Kind != DeliverKind {
		found, next, err = s.Cases.DeadLetters(c, principalOf(c), filter, after, limit)
		if next != "" || err != nil || filter.Kind != "" {
			return found, next, err
		}
		if limit -= len(found); limit <= 0 {
			return found, deliveryPages, nil
		}
	}
	dead, next, err := s.Webhooks.Dead(c, principalOf(c).Tenant, webhook.DeadFilter{Subject: filter.Case, Subscription: filter.Receiver}, behind, limit)
	if err != nil {
		return nil, "", err
	}
	for _, one := range dead {
		found = append(found, DeadDelivery(one))
	}
	if next != "" {
		next = deliveryPages + next
	}
	return found, next, nil
}

// DeadDelivery is a delivery as dead letters are shown.
func DeadDelivery(d webhook.Delivery) cases.DeadLetter {
	newest := d.Newest()
	return cases.DeadLetter{
		ID: d.ID, Case: d.Subject(), Effect: d.ID, Kind: DeliverKind, Type: d.Type, Receiver: d.Subscription, At: d.CreatedAt,
		Attempts: len(d.Attempts) - d.Round, Error: newest.Error, LastAt: newest.At, DeadAt: d.UpdatedAt,
	}
}

// settleDeadLetters replays or discards one (effect), or those that the filter chooses.
func (s *server) settleDeadLetters(c ctx, effect string, filter cases.DeadLetterFilter, how cases.Settlement) (settled int, more bool, err error) {
	who := principalOf(c)
	switch {
	case strings.HasPrefix(effect, "dlv_"):
		return 1, false, s.Webhooks.SettleOne(c, who.Tenant, effect, settlement(c, how))
	case effect != "" && filter.Case == "":
		return 0, false, problem.New(problem.Invalid, "The selection is not valid.").With("body.case", "required", "effect requires case")
	case effect != "":
		return 1, false, s.Cases.SettleDeadLetter(c, who, filter.Case, effect, how)
	}
	if filter.Kind != DeliverKind {
		settled, more, err = s.Cases.SettleDeadLetters(c, who, filter, how)
		if more || err != nil || filter.Kind != "" {
			return settled, more, err
		}
	}
	n, more, err := s.Webhooks.SettleDead(c, who.Tenant, webhook.DeadFilter{Subject: filter.Case, Subscription: filter.Receiver}, settlement(c, how))
	return settled + n, more, err
}

// settlement is what a call does about deliveries.
func settlement(c ctx, how cases.Settlement) webhook.Settlement {
	return webhook.Settlement{Discard: how.Discard, Reason: how.Reason, By: principalOf(c).ID, Call: reserved(c, "call")}
}

// Settled states how many dead letters a call has replayed or discarded.
type Settled struct {
	Settled int  `json:"settled"`
	More    bool `json:"more" doc:"whether there may be more: repeat the request"`
}
