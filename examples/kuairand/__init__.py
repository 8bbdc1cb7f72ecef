"""The pipeline on real impressions of a short-video app: KuaiRand-Pure (Gao et al., CIKM 2022)."""
