// Command chart reads Kubernetes manifests from standard input, strictly as the types of
// Kubernetes' own API: a field that is misspelt or has another type is an error.
//
// It prints the kind and name of each object. Kinds of others (a ServiceMonitor) are only named.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	yamlstream "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// known are the types of the kinds that the chart may have.
var known = map[string]func() any{
	"v1/ConfigMap":                           func() any { return new(corev1.ConfigMap) },
	"v1/Secret":                              func() any { return new(corev1.Secret) },
	"v1/Service":                             func() any { return new(corev1.Service) },
	"v1/ServiceAccount":                      func() any { return new(corev1.ServiceAccount) },
	"apps/v1/Deployment":                     func() any { return new(appsv1.Deployment) },
	"autoscaling/v2/HorizontalPodAutoscaler": func() any { return new(autoscalingv2.HorizontalPodAutoscaler) },
	"networking.k8s.io/v1/Ingress":           func() any { return new(networkingv1.Ingress) },
	"networking.k8s.io/v1/NetworkPolicy":     func() any { return new(networkingv1.NetworkPolicy) },
	"policy/v1/PodDisruptionBudget":          func() any { return new(policyv1.PodDisruptionBudget) },
}

func main() {
	if err := check(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "chart:", err)
		os.Exit(1)
	}
}

func check(manifests io.Reader, out io.Writer) error {
	input, err := io.ReadAll(manifests)
	if err != nil {
		return err
	}
	documents := yamlstream.NewDocumentDecoder(io.NopCloser(bytes.NewReader(input)))
	defer documents.Close()
	found := 0
	for {
		document := make([]byte, len(input)+1)
		n, err := documents.Read(document)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		named, err := one(document[:n], out)
		if err != nil {
			return err
		}
		found += named
	}
	if found == 0 {
		return errors.New("expected manifests, found none")
	}
	return nil
}

// one checks one object; it is 0 for a document without one.
func one(document []byte, out io.Writer) (int, error) {
	var head metav1.PartialObjectMetadata
	if err := yaml.Unmarshal(document, &head); err != nil {
		return 0, err
	}
	if head.Kind == "" {
		return 0, nil
	}
	kind := head.APIVersion + "/" + head.Kind
	made, ok := known[kind]
	if !ok {
		_, err := fmt.Fprintf(out, "%s %s: not looked at, another project's\n", kind, head.Name)
		return 1, err
	}
	if err := yaml.UnmarshalStrict(document, made()); err != nil {
		return 0, fmt.Errorf("%s %s: %w", kind, head.Name, err)
	}
	_, err := fmt.Fprintf(out, "%s %s\n", kind, head.Name)
	return 1, err
}
