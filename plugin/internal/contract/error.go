package contract

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/notaryproject/notation-plugin-framework-go/plugin"

	"container-signing/internal/hint"
	"container-signing/plugin/internal/signer"
)

// pluginError gives an error its code in the contract. What isn't the signer's
// failure comes from the configuration or the certificate chain. The result is
// bare, because the framework looks for its type without unwrapping.
func pluginError(err error) error {
	code := plugin.ErrorCodeValidation
	var failure *signer.Error
	if errors.As(err, &failure) {
		code = codeOf(failure.Kind)
	} else if errors.Is(err, fs.ErrPermission) {
		code = plugin.ErrorCodeAccessDenied
	}
	return newError(code, err)
}

// newError has the advice that goes with an error in lines of their own:
// notation shows the message as it is.
func newError(code plugin.ErrorCode, err error) *plugin.Error {
	return plugin.NewError(code, hint.Text(err))
}

func codeOf(kind signer.Kind) plugin.ErrorCode {
	switch kind {
	case signer.Unusable:
		return plugin.ErrorCodeValidation
	case signer.Denied:
		return plugin.ErrorCodeAccessDenied
	case signer.Timeout:
		return plugin.ErrorCodeTimeout
	default:
		return plugin.ErrorCodeGeneric
	}
}

// checkVersion returns nil, not a nil *plugin.Error, for the known version.
func checkVersion(version string) error {
	if version == plugin.ContractVersion {
		return nil
	}
	err := fmt.Errorf("contract version %q isn't supported, only %s is", version, plugin.ContractVersion)
	return newError(plugin.ErrorCodeUnsupportedContractVersion, hint.Add(err, "use notation 1.x"))
}

// recoverInto makes a panic an error, since notation shows nothing but JSON.
func recoverInto(err *error) {
	if value := recover(); value != nil {
		bug := fmt.Errorf("the plugin has a bug: %v", value)
		*err = newError(plugin.ErrorCodeGeneric, hint.Add(bug, "please report it"))
	}
}
