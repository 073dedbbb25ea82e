"""How gouji is deployed: image, Compose, systemd, Kubernetes, monitoring; and what checks them."""
