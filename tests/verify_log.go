// An outside verifier: golang.org/x/mod/sumdb opens a log's checkpoint and checks proofs from its tiles.
//
//	go run verify_log.go KEY FOLDER OLD_SIZE OLD_ROOT LEAF_NUMBER LEAF_FILE
package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// files reads tiles of height 8 as tlog-tiles lays them out.
type files struct{ folder string }

func (f files) Height() int { return 8 }

func (f files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(f.folder, path))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

func (f files) SaveTiles([]tlog.Tile, [][]byte) {}

func must(err error) {
	if err != nil {
		fmt.Println("refused:", err)
		os.Exit(1)
	}
}

func main() {
	key, folder := os.Args[1], os.Args[2]
	verifier, err := note.NewVerifier(key)
	must(err)
	signed, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	must(err)
	opened, err := note.Open(signed, note.VerifierList(verifier))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	must(err)
	root, err := tlog.ParseHash(lines[2])
	must(err)
	tree := tlog.Tree{N: size, Hash: root}
	reader := tlog.TileHashReader(tree, files{folder})

	oldSize, err := strconv.ParseInt(os.Args[3], 10, 64)
	must(err)
	raw, err := base64.StdEncoding.DecodeString(os.Args[4])
	must(err)
	var oldRoot tlog.Hash
	copy(oldRoot[:], raw)
	treeProof, err := tlog.ProveTree(size, oldSize, reader)
	must(err)
	must(tlog.CheckTree(treeProof, size, root, oldSize, oldRoot))

	number, err := strconv.ParseInt(os.Args[5], 10, 64)
	must(err)
	leaf, err := os.ReadFile(os.Args[6])
	must(err)
	recordProof, err := tlog.ProveRecord(size, number, reader)
	must(err)
	must(tlog.CheckRecord(recordProof, size, root, number, tlog.RecordHash(leaf)))
	fmt.Println("accepted")
}
