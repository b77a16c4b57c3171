package command

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"container-signing/e2e/internal/reference"
	"container-signing/e2e/internal/supply"
	"container-signing/e2e/internal/usage"
	"container-signing/internal/hint"
)

// newVerb makes a command. The flags that are required have to be given.
func newVerb(name, about string, required ...string) *cobra.Command {
	return &cobra.Command{
		Use: name + " [flags]", Short: about, DisableFlagsInUseLine: true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && cmd.ArgsLenAtDash() != 0 {
				return usage.Fault(hint.Add(fmt.Errorf("unknown argument %q", args[0]),
					"`%s` lists the flags", help(cmd)))
			}
			return nil
		},
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			for _, name := range required {
				if cmd.Flags().Lookup(name).Value.String() == "" || !cmd.Flags().Changed(name) {
					return usage.Fault(hint.Add(fmt.Errorf("--%s is missing", name), "`%s` lists the flags", help(cmd)))
				}
			}
			return checkDurations(cmd.Flags())
		},
	}
}

// help is how one asks for a command's help.
func help(cmd *cobra.Command) string { return cmd.CommandPath() + " --help" }

// checkDurations finds flags that allow no time at all.
func checkDurations(flags *pflag.FlagSet) (err error) {
	flags.Visit(func(f *pflag.Flag) {
		if f.Value.Type() != "duration" {
			return
		}
		if duration, parsing := time.ParseDuration(f.Value.String()); parsing == nil && duration <= 0 {
			err = usage.Fault(hint.Add(fmt.Errorf("--%s %s is no time", f.Name, duration),
				"give a positive duration, such as 90s"))
		}
	})
	return err
}

// checkFile finds before something is done that what it results in can't be
// written to the file that a flag names.
func checkFile(flag, path string) error {
	if path == "" {
		return nil
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return usage.Fault(hint.Add(fmt.Errorf("preparing --%s %q: there is no folder %q", flag, path,
			filepath.Dir(path)),
			"make it, or give another file"))
	}
	return nil
}

// checkCertificates finds a flag that names no certificates.
func checkCertificates(flag, path string) error {
	if _, err := supply.ReadCertificates(path); err != nil {
		return usage.Errorf("reading --%s: %w", flag, err)
	}
	return nil
}

// parseImage reads a flag that names an image in a registry.
func parseImage(flag, text string, plainHTTP bool) (reference.Reference, error) {
	image, err := reference.Parse(text)
	if err != nil {
		return image, usage.Errorf("reading --%s %q: %w", flag, text, err)
	}
	image.PlainHTTP = image.PlainHTTP || plainHTTP
	return image, nil
}
