package httpapi

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ballerine/internal/registry"
)

// PublishingSettings define how a tenant publishes.
type PublishingSettings struct {
	FourEyes   bool       `json:"four_eyes" doc:"whether publications require the approval of a second person"`
	Version    int        `json:"version"`
	Comment    string     `json:"comment,omitempty"`
	ChangedAt  *time.Time `json:"changed_at" doc:"null: never"`
	ChangedBy  string     `json:"changed_by,omitempty"`
	ApprovedBy string     `json:"approved_by,omitempty"`
	Proposal   string     `json:"proposal,omitempty"`
}

type settingsAnswer struct {
	Status   int
	Location string `header:"Location"`
	ETag     string `header:"ETag"`
	Body     any
}

func (s *server) registerSettings(api huma.API) {
	add(s, api, op(Admin, "getPublishingSettings", "GET", "/v1/publishing-settings", "Get the publishing settings of the tenant"), func(c ctx, _ *none) (*tagged[PublishingSettings], error) {
		found, err := s.Publisher.Settings(c, principalOf(c).Tenant)
		return &tagged[PublishingSettings]{tag(found.Version), SettingsShape(found)}, err
	})
	type publishingSettingsIn struct {
		Seen
		Body struct {
			FourEyes bool   `json:"four_eyes"`
			Comment  string `json:"comment,omitempty" maxLength:"2000"`
		}
	}
	update := op(Admin, "updatePublishingSettings", "PUT", "/v1/publishing-settings", "Change the publishing settings; turning four eyes off creates a proposal").repeatable()
	add(s, api, orProposal[PublishingSettings](api, update), func(c ctx, in *publishingSettingsIn) (*settingsAnswer, error) {
		version, err := in.version()
		if err != nil {
			return nil, err
		}
		cmd := registry.ChangeSettings{Seen: version, FourEyes: in.Body.FourEyes, Comment: in.Body.Comment, Proposal: reserved(c, "prop")}
		found, proposal, err := s.Publisher.ChangeSettings(c, principalOf(c), cmd)
		if err != nil {
			return nil, err
		}
		if proposal != nil {
			return &settingsAnswer{http.StatusAccepted, proposalPath(proposal.ID), tag(found.Version), ProposalShape(*proposal)}, nil
		}
		return &settingsAnswer{http.StatusOK, "", tag(found.Version), SettingsShape(found)}, nil
	})
}

// SettingsShape are settings as the interface shows them.
func SettingsShape(s registry.Settings) PublishingSettings {
	return PublishingSettings{
		FourEyes: s.FourEyes, Version: s.Version, Comment: s.Comment, ChangedAt: orNull(s.ChangedAt), ChangedBy: s.ChangedBy, ApprovedBy: s.ApprovedBy, Proposal: s.Proposal,
	}
}

// ProposedSettings are the settings that a proposal wants.
type ProposedSettings struct {
	FourEyes bool `json:"four_eyes"`
	Base     int  `json:"base" doc:"the version that they change"`
}
