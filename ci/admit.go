package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"dagger/container-signing/internal/dagger"
)

// Apply policies and workloads to a cluster, and judge what it admits: a folder
// with report.json, junit.xml and table.txt
//
// All in admit/ must be admitted and pinned to digests, and of each file in
// deny/ the last document refused, by the policy and for the reason that its
// annotations name. Anything else is an error, unless --tolerate is set. The
// workloads are deleted after it; the policies and the ConfigMap
// kyverno/notation-ca with the CA stay.
//
// +cache="session"
func (m *ContainerSigning) Admit(
	ctx context.Context,
	// Folder with admit/ and deny/: workloads that name real images.
	workloads *dagger.Directory,
	// The CA to trust, PEM or DER.
	ca *dagger.File,
	// Folder of policies. By default the ImageValidatingPolicy of this project.
	//
	// +optional
	policies *dagger.Directory,
	// The kubeconfig of a cluster of your own, with the Kyverno that runs
	// there. By default a cluster is started.
	//
	// +optional
	kubeconfig *dagger.Secret,
	// The API server of that cluster, where it is on your machine:
	// tcp://localhost:6443.
	//
	// +optional
	apiServer *dagger.Service,
	// The registry of the images, for a cluster that is started: where it is a
	// service or on your machine.
	//
	// +optional
	registry *dagger.Service,
	// The registry's address in the names of images.
	//
	// +default="127.0.0.1:5001"
	registryAddress string,
	// Return the report even if not all is as expected.
	//
	// +optional
	tolerate bool,
) (*dagger.Directory, error) {
	if kubeconfig == nil && apiServer != nil {
		return nil, errors.New("--api-server is where a cluster of your own is reached: give its --kubeconfig too")
	}
	var (
		box     *dagger.Container
		connect []string
		err     error
	)
	if kubeconfig != nil {
		box, connect, err = m.connectOwn(ctx, kubeconfig, apiServer)
	} else {
		box, connect, err = m.connectFresh(ctx, registry, registryAddress)
	}
	if err != nil {
		return nil, err
	}
	args := append(connect, "--workloads", "/run/workloads", "--ca", "/run/ca")
	box = box.WithMountedDirectory("/run/workloads", workloads).WithMountedFile("/run/ca", ca)
	if policies != nil {
		box = box.WithMountedDirectory("/run/policies", policies)
		args = append(args, "--policies", "/run/policies")
	}
	judged, err := judge(ctx, anew(box, newRun()), args)
	if err != nil {
		return nil, err
	}
	if !tolerate && judged.surprise != "" {
		return nil, errors.New(judged.surprise)
	}
	return judged.report, nil
}

// connectOwn is a container that reaches a cluster of the user's, and the flags
// of `e2e judge` for it. It has a distribution, whose CAs may vouch for that
// cluster.
func (m *ContainerSigning) connectOwn(ctx context.Context, kubeconfig *dagger.Secret, apiServer *dagger.Service) (*dagger.Container, []string, error) {
	full, err := m.with(ctx, clusterFolders...)
	if err != nil {
		return nil, nil, err
	}
	const path = "/run/secrets/kubeconfig"
	box, flags := m.withProgram(full).WithMountedSecret(path, kubeconfig), []string{"--kubeconfig", path}
	if apiServer == nil {
		return box, flags, nil
	}
	port, err := portOf(ctx, apiServer)
	if err != nil {
		return nil, nil, fmt.Errorf("reading --api-server: %w", err)
	}
	return box.WithServiceBinding("kubernetes", apiServer), append(flags, "--server", fmt.Sprintf("https://kubernetes:%d", port)), nil
}

// connectFresh is a container that reaches a cluster that is started for it, and
// the flags of `e2e judge` for it.
func (m *ContainerSigning) connectFresh(ctx context.Context, registry *dagger.Service, registryAddress string) (*dagger.Container, []string, error) {
	full, err := m.with(ctx, clusterFolders...)
	if err != nil {
		return nil, nil, err
	}
	run := newRun()
	cluster, err := m.clusterService(ctx, clusterPlan{name: run, registry: registry, registryAddress: registryAddress, awaited: true})
	if err != nil {
		return nil, nil, err
	}
	return m.withProgram(lean(full)).
		WithMountedDirectory(credentialsFolder, m.clusterCredentials(full, run)).
		WithServiceBinding("cluster", cluster), []string{"--kubeconfig", credentialsFolder + "/kubeconfig", "--await", readyURL}, nil
}

// A judgement is what `e2e judge` has found.
type judgement struct {
	report   *dagger.Directory
	surprise string // the table, if not all is as expected
}

// judge runs `e2e judge`. That not all is as expected is no error; that it came
// to no verdicts is one.
func judge(ctx context.Context, box *dagger.Container, args []string, reached ...access) (judgement, error) {
	const folder = "/run/report"
	box, command, err := reach(ctx, box, append([]string{"e2e", "judge", "--report", folder}, args...), reached...)
	if err != nil {
		return judgement{}, err
	}
	box = box.WithExec(command, dagger.ContainerWithExecOpts{Expect: dagger.ReturnTypeAny})
	status, err := box.ExitCode(ctx)
	if err != nil {
		return judgement{}, explain("judging", err)
	}
	if status > 1 {
		words, err := box.Stderr(ctx)
		return judgement{}, errors.Join(fmt.Errorf("judging: exit status %d: %s", status, words), err)
	}
	found := judgement{report: box.Directory(folder)}
	if status == 0 {
		return found, nil
	}
	content, err := found.report.File("report.json").Contents(ctx)
	if err != nil {
		// It has failed before it could write one.
		words, unheard := box.Stderr(ctx)
		return judgement{}, errors.Join(fmt.Errorf("judging: exit status %d: %s", status, words), unheard, err)
	}
	var ended struct{ Error string }
	if err := json.Unmarshal([]byte(content), &ended); err != nil {
		return judgement{}, fmt.Errorf("reading the report: %w", err)
	}
	if ended.Error != "" {
		return judgement{}, fmt.Errorf("judging: %s", ended.Error) // before all verdicts
	}
	found.surprise, err = found.report.File("table.txt").Contents(ctx)
	return found, err
}

// portOf is the port of a service.
func portOf(ctx context.Context, service *dagger.Service) (int, error) {
	ports, err := service.Ports(ctx)
	if err != nil {
		return 0, err
	}
	if len(ports) == 0 {
		return 0, errors.New("the service exposes no port")
	}
	return ports[0].Port(ctx)
}
