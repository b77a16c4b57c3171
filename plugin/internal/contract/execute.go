package contract

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/notaryproject/notation-plugin-framework-go/cli"
	"github.com/notaryproject/notation-plugin-framework-go/plugin"

	"container-signing/internal/hint"
)

// maxRequest bounds a request, in bytes. A payload names one artifact and its
// annotations, so that notation's own requests are around 2 KiB.
const maxRequest = 8 << 20

// Execute does what args ask for, with the request on stdin. It ends the process
// with status 1 and one JSON object on stderr if that fails.
func Execute(ctx context.Context, args []string) {
	if err := check(args); err != nil {
		fail(err)
	}
	framework, err := cli.New(ExternalSigner{})
	if err != nil {
		fail(plugin.NewGenericError(err.Error()))
	}
	framework.Execute(ctx, args)
}

// check sees to what the framework doesn't answer in JSON or doesn't bound. The
// request that it has read becomes the new stdin.
func check(args []string) *plugin.Error {
	commands := []string{
		string(plugin.CommandGetMetadata), string(plugin.CommandDescribeKey),
		string(plugin.CommandGenerateSignature), string(plugin.Version),
	}
	if len(args) != 2 || !slices.Contains(commands, args[1]) {
		err := fmt.Errorf("this is a plugin that notation starts, with one of the commands %s",
			strings.Join(commands, ", "))
		return newError(plugin.ErrorCodeValidation, hint.Add(err,
			"install it with notation plugin install --file, and sign with notation sign --plugin %s", Name))
	}
	if args[1] == string(plugin.Version) {
		return nil
	}
	request, err := readRequest(os.Stdin)
	if err != nil {
		return plugin.NewValidationErrorf("reading the request on stdin: %v", err)
	}
	os.Stdin, err = pipeOf(request)
	if err != nil {
		return plugin.NewGenericErrorf("passing on the request: %v", err)
	}
	return nil
}

func readRequest(stdin io.Reader) ([]byte, error) {
	request, err := io.ReadAll(io.LimitReader(stdin, maxRequest+1))
	if err != nil {
		return nil, err
	}
	if len(request) > maxRequest {
		return nil, fmt.Errorf("it is larger than %d bytes", maxRequest)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(request, &object); err != nil {
		return nil, fmt.Errorf("it isn't one whole JSON object: %w", err)
	}
	return request, nil
}

// pipeOf returns a file to read data from. The framework reads it to the end of
// the JSON value, so that the writer ends.
func pipeOf(data []byte) (*os.File, error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	go func() {
		_, err := writer.Write(data)
		// A request that didn't arrive whole is one that doesn't parse.
		_ = errors.Join(err, writer.Close())
	}()
	return reader, nil
}

// fail ends the process the way that the contract wants it.
func fail(err *plugin.Error) {
	fmt.Fprint(os.Stderr, err.Error())
	os.Exit(1)
}
