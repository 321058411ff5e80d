"""A mesh with several poses comes in, the same mesh with fewer of its own vertices goes out: every
vertex that stays keeps its index, and with it whatever is known of it.

Edges are taken away in the order of what that changes (quadric error metrics, Garland and Heckbert
1997), summed over all poses, so that a lid keeps the vertices that its blink needs.
"""
import heapq

import numpy as np

BORDER = 20.0           # by how much a border's or the middle's own planes count more than a face's


class Mesh:
    """poses: (P, N, 3). triangles: (T, 3). weights: (N,) how much a vertex's surroundings matter.
    fixed: (N,) bool: such a vertex is only merged into another such one (the middle of a half)."""

    def __init__(self, poses, triangles, weights, fixed):
        self._poses, self._fixed = poses.astype(float), fixed
        self._triangles = [tuple(t) for t in triangles.tolist()]
        self._around = {}
        for i, triangle in enumerate(self._triangles):
            for v in triangle:
                self._around.setdefault(v, set()).add(i)
        self._quadrics = self._measured(triangles, weights)

    def simplified(self, count):
        """(T', 3) triangles over at most about `count` of the vertices."""
        heap = [self._edge(a, b) for a in self._around for b in self._beside(a)]
        heapq.heapify(heap)
        alive, turns = len(self._around), dict.fromkeys(self._around, 0)
        heap = [edge + (0, 0) for edge in heap]
        while alive > count and heap:
            cost, a, b, turn_a, turn_b = heapq.heappop(heap)
            current = (turns.get(a), turns.get(b)) == (turn_a, turn_b)
            if not current or not self._may(a, b):
                continue
            self._merge(a, b)
            del turns[a]
            turns[b] += 1
            alive -= 1
            for other in self._beside(b):
                for edge in (self._edge(b, other), self._edge(other, b)):
                    heapq.heappush(heap, edge + (turns[edge[1]], turns[edge[2]]))
        kept = set().union(*self._around.values())
        return np.array([self._triangles[i] for i in sorted(kept)], np.int32)

    def _measured(self, triangles, weights):
        corners = self._poses[:, triangles]
        normal = np.cross(corners[:, :, 1] - corners[:, :, 0], corners[:, :, 2] - corners[:, :, 0])
        area = np.linalg.norm(normal, axis=2, keepdims=True) + 1e-9
        planes = self._planes(normal / area, corners[:, :, 0])
        share = (area[..., 0] * weights[triangles].mean(1))[..., None, None]
        quadrics = np.zeros(self._poses.shape[:2] + (4, 4))
        for corner in range(3):
            for pose in range(len(quadrics)):
                np.add.at(quadrics[pose], triangles[:, corner], planes[pose] * share[pose])
        self._hold_borders(quadrics, weights)
        return quadrics

    @staticmethod
    def _planes(normal, point):
        plane = np.concatenate((normal, -(normal * point).sum(-1, keepdims=True)), -1)
        return plane[..., :, None] * plane[..., None, :]

    def _hold_borders(self, quadrics, weights):
        count = {}
        for a, b, c in self._triangles:
            for edge in ((a, b), (b, c), (c, a)):
                key = tuple(sorted(edge))
                count[key] = count.get(key, 0) + 1
        for a, b in [edge for edge, times in count.items() if times == 1]:
            along = self._poses[:, b] - self._poses[:, a]
            for axis in np.eye(3):
                across = np.cross(along, axis)
                length = np.linalg.norm(across, axis=1, keepdims=True) + 1e-9
                plane = self._planes(across / length, self._poses[:, a])
                plane *= BORDER * weights[a] * (along ** 2).sum(1)[:, None, None]
                quadrics[:, a] += plane
                quadrics[:, b] += plane

    def _beside(self, vertex):
        return {v for i in self._around[vertex] for v in self._triangles[i]} - {vertex}

    def _edge(self, a, b):
        """(cost, a, b) of merging a into b; a little of the length, so that flat places stay
        even."""
        at = np.c_[self._poses[:, b], np.ones(len(self._poses))]
        both = self._quadrics[:, a] + self._quadrics[:, b]
        length = ((self._poses[0, a] - self._poses[0, b]) ** 2).sum()
        return float(np.einsum("pi,pij,pj", at, both, at)) + 1e-3 * length, a, b

    def _may(self, a, b):
        if self._fixed[a] and not self._fixed[b]:
            return False
        shared = self._around[a] & self._around[b]
        if not shared or len(self._beside(a) & self._beside(b)) != len(shared):
            return False
        return not any(self._turned(i, a, b) for i in self._around[a] - shared)

    def _turned(self, i, a, b):
        """Whether a triangle would look elsewhere, in any pose."""
        before = self._poses[:, self._triangles[i]]
        after = self._poses[:, [b if v == a else v for v in self._triangles[i]]]
        n0, n1 = (np.cross(c[:, 1] - c[:, 0], c[:, 2] - c[:, 0]) for c in (before, after))
        lengths = np.linalg.norm(n0, axis=1) * np.linalg.norm(n1, axis=1)
        return bool(((n0 * n1).sum(1) < 0.2 * lengths)[0])

    def _merge(self, a, b):
        self._quadrics[:, b] += self._quadrics[:, a]
        for i in self._around.pop(a):
            if b in self._triangles[i]:
                for v in self._triangles[i]:
                    if v != a:
                        self._around[v].discard(i)
            else:
                self._triangles[i] = tuple(b if v == a else v for v in self._triangles[i])
                self._around[b].add(i)
