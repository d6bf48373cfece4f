package local

import (
	"context"
	"maps"

	"ballerine/internal/connector"
	"ballerine/internal/problem"
	"ballerine/internal/registry"
)

func (s *Stack) settings() map[string]string {
	settings := map[string]string{"sandbox": s.URL + "/sandbox"}
	maps.Copy(settings, s.options.Settings)
	return settings
}

func (s *Stack) allSecrets() connector.Secrets {
	return connector.OfMachine(s.options.Secrets, s.vendorSecrets())
}

// Unconfigured is what the demo tenant's plugins name and this system does not have: secrets and settings, by their names.
// The file of each is the plugin's id.
func (s *Stack) Unconfigured(ctx context.Context) (found problem.Diagnostics, err error) {
	if err := s.Core.Catalog.LoadPlugins(); err != nil {
		return nil, err
	}
	plugins, err := s.Core.Catalog.Newest(ctx, DemoTenant, registry.Plugin)
	if err != nil {
		return nil, err
	}
	for _, d := range plugins {
		plugin, err := s.Core.Catalog.Plugin(ctx, DemoTenant, d.ID)
		if err != nil {
			return nil, err
		}
		for _, one := range plugin.Unconfigured(ctx, DemoTenant, s.settings(), s.Core.SecretNames) {
			one.File = d.ID
			found = append(found, one)
		}
	}
	return found, nil
}

func (s *Stack) vendorSecrets() connector.MapSecrets {
	return connector.MapSecrets{"VENDOR_API_KEY": s.secrets.VendorKey, "VENDOR_CALLBACK_SECRET": s.secrets.CallbackSecret}
}
