package scenarios

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// A Loader says how a scenario is read; its zero value reads it as it is written.
type Loader struct {
	// Set gives variables values, before those of the file and of what it extends.
	Set map[string]string
	// Open opens a file by its path, also one that another file extends; nil opens
	// files of this machine.
	Open func(path string) (io.ReadCloser, error)
}

// Load reads one scenario. Unknown keys, wrong types and impossible values are
// [Errors] that say where and what was expected; name is the file's, for messages and
// for the files that it extends, which are relative to it.
func Load(name string, r io.Reader) (Scenario, error) { return Loader{}.Load(name, r) }

// Load reads one scenario, as [Load] does.
func (o Loader) Load(name string, r io.Reader) (Scenario, error) {
	data, err := readAll(name, r)
	if err != nil {
		return Scenario{}, err
	}
	s, _, err := o.load(name, name, data)
	return s, err
}

// load reads a scenario, and returns with it the YAML that it comes to.
func (o Loader) load(origin, name string, data []byte) (Scenario, *node, error) {
	l := &reading{Loader: o}
	root := l.resolve(origin, name, data)
	if root == nil {
		return Scenario{}, nil, l.err()
	}
	variables := l.declare(root)
	var f file
	(&decoder{problems: &l.problems}).decode(root, &f, "")
	s := f.scenario(l, root)
	s.Variables = variables
	if err := l.err(); err != nil {
		return Scenario{}, nil, err
	}
	return s, root, nil
}

// isPath tells the path of a file from the name of a scenario that ships.
func isPath(nameOrFile string) bool { return strings.ContainsAny(nameOrFile, `./\`) }

// open opens a file, or says in one line why it cannot be read.
func (o Loader) open(path string) (io.ReadCloser, error) {
	if o.Open != nil {
		return o.Open(path)
	}
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no file %s", path)
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a file", path)
	}
	return os.Open(path)
}

// read reads a file or a scenario that ships.
func (o Loader) read(nameOrFile string) (name string, data []byte, err error) {
	if !isPath(nameOrFile) {
		data, err = Source(nameOrFile)
		return nameOrFile + ".yaml", data, err
	}
	f, err := o.open(nameOrFile)
	if err != nil {
		return nameOrFile, nil, err
	}
	defer f.Close()
	data, err = readAll(nameOrFile, f)
	return nameOrFile, data, err
}

func readAll(name string, r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFileBytes+1))
	if err == nil && len(data) > maxFileBytes {
		err = Error{File: name, Message: "larger than 1 MiB"}
	}
	return data, err
}
