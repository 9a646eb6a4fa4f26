"""Signatures and clusters of near copies, against datatrove's MinHash with SHA-1 of 64 bits."""

import collections
import struct
from pathlib import Path

from datatrove.data import Document
from datatrove.pipeline.dedup.minhash import (
    MinhashConfig,
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupSignature,
)
from datatrove.utils.hashing import HashConfig
from datatrove.utils.text import simplify_text

CONFIG = MinhashConfig(hash_config=HashConfig(hash_fc="sha1", precision=64))


def sign(block, text):
    """datatrove's signature, or none."""
    shingles = block.get_shingles(text)
    return block.get_signature(shingles) if shingles.size else None


def compare_signatures(folder, texts, explained):
    """The share of texts with the same plain form and the same signature."""
    block = MinhashDedupSignature(output_folder=str(folder / "unused"), config=CONFIG)
    same = 0
    for text, line in zip(texts, explained, strict=True):
        equal = simplify_text(text) == line["plain"] and sign(block, text) == line["signature"]
        if not equal and len(text) < 300:
            print(f"    {text!r}: ours {line['plain']!r}, datatrove's {simplify_text(text)!r}")
        same += equal
    print(f"{len(texts):,} texts: {same / len(texts):.3%} have the same signature")
    return same / len(texts)


def clusters(folder, texts):
    """datatrove's clusters of more than one, as sets of numbers."""
    places = [str(folder / name) for name in ("signatures", "buckets", "clusters")]
    MinhashDedupSignature(places[0], config=CONFIG)(Document(text=text, id=str(n)) for n, text in enumerate(texts))
    buckets = MinhashDedupBuckets(places[0], places[1], config=CONFIG)
    for bucket in range(CONFIG.num_buckets):
        buckets(None, rank=bucket, world_size=CONFIG.num_buckets)
    MinhashDedupCluster(places[1], places[2], config=CONFIG, save_cluster_id=True)(None)
    found = collections.defaultdict(set)
    for path in Path(places[2]).glob("*.clusters"):
        for document, cluster in struct.iter_unpack("<2I", path.read_bytes()):
            found[cluster].add(document)
    return {frozenset(cluster) for cluster in found.values()}


def compare_clusters(theirs, kept, count):
    """Of each of datatrove's clusters its first document is kept, and of what is in none all."""
    want = set(range(count)) - {number for cluster in theirs for number in cluster if number != min(cluster)}
    sizes = collections.Counter(len(cluster) for cluster in theirs)
    print(f"{count:,} documents, {len(theirs):,} clusters, the largest of {max(sizes)}: "
          f"{len(want):,} are to be kept, {len(want & kept):,} of them are, and {len(kept - want):,} others")
    return kept == want
