"""How gouji is deployed: the image, Compose, systemd, Kubernetes, monitoring; and what checks them."""
